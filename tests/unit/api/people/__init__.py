"""People who are known by their faces, over the service's twins."""
