"""Tests of live videos in ingest."""
