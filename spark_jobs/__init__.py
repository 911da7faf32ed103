"""The analysis on Spark: from the topic `frames` to stored results."""
