"""How well people are told apart, and what it costs: `python -m benchmarks.identification`."""
