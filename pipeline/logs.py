"""Owns how processes log: one line a record on standard output, and quiet libraries."""

import logging
import sys

CHATTY = ("kafka", "httpx", "httpcore", "py4j")


def log_to_stdout() -> None:
    """Set up logging; called once in each `main`."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
