"""Stored frames as a video: which, encoded by a child process with limits, as one file or in segments."""
