"""How rate and memory grow with workers, partitions, batches, lengths, numbers of videos and models."""
