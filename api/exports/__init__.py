"""Whole selections of results as streams: JSON, CSV, Parquet, COCO. Memory does not grow with the video."""
