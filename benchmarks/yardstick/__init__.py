"""Framewise beside what people would use instead: the same clips, model code, sizes and cores, in turns, checked."""
