"""People who are known by their faces: bodies, answers, and how they are enrolled."""
