"""Owns live videos: where their pictures come from, their clocks and numbers, and what is left out to stay fresh."""
