"""The topics, what records look like, and sending them."""
