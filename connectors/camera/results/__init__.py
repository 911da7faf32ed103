"""What was found, as messages for consumers of an earlier system."""
