"""Owns how a stream of rows is cut into pieces."""

from collections.abc import Iterator
from itertools import groupby, islice

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import ResultRow

ROWS = 200


def batches(rows: Iterator[ResultRow]) -> Iterator[list[ResultRow]]:
    """The rows, some hundred together."""
    while batch := list(islice(rows, ROWS)):
        yield batch


def buckets(rows: Iterator[ResultRow]) -> Iterator[list[ResultRow]]:
    """The rows of each 1,000 frame numbers together."""
    for _, group in groupby(rows, key=lambda row: bucket_of(row.frame_number)):
        yield list(group)
