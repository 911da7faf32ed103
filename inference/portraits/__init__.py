"""The process that looks at pictures of faces for others: `python -m inference.portraits`, by pipes."""
