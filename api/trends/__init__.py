"""What was found over all videos by wall clock: which videos count, their digests folded, and charts of the answer."""
