"""Beside the camera: captures, finds, follows, and sends the best pictures of each track."""
