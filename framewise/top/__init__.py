"""What `framewise top` shows, and where it comes from."""
