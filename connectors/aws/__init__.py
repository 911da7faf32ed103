"""The door for AWS: messages of a queue in, documents and result files out."""
