"""What is asked of a picture of a face: values, the protocol of who answers, and the child process that does."""
