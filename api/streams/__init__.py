"""The live streams that there are now, and what was seen in each of them last."""
