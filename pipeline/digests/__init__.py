"""Results of a bucket in short: made from rows, kept, read."""
