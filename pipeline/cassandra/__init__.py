"""The stores on Cassandra, the connection that they share, and the schema."""
