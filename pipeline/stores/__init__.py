"""Contracts of everything that is kept, and their in-memory twins."""
