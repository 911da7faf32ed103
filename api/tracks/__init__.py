"""What follows things through a video: tracks as they are shown, lines and zones, and what is counted at them."""
