"""The local stack: real Kafka and Cassandra servers and our own services as supervised child processes."""
