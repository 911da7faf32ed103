"""Listening to a camera: when something appears and when it is gone, shown, spoken, and kept in a log."""
