"""Models behind one protocol. Knows nothing of Kafka, Spark, Cassandra or HTTP services."""
