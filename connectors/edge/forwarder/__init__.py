"""Between two brokers: what one has taken, the other gets."""
