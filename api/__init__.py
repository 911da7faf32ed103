"""The service: takes videos, says how they stand, serves results and annotated frames."""
