"""Other front doors and exits: each submits videos or frames, and forwards results."""
