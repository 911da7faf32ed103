"""The door for programs that speak Kafka with JSON: their pictures in, results as they expect them out."""
