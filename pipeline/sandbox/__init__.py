"""What a process that reads strangers' bytes gives up before the first of them, and what is said of it."""
