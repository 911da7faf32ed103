"""A real cluster for tests: Spark, Kafka and Cassandra, each of several processes, on hosts that share nothing."""
