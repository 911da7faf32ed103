"""Pictures that cameras elsewhere publish to Kafka."""
