"""The bottom layer: plain values, states, errors and settings. Knows no server."""
