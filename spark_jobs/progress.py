"""Owns what Spark says of its micro-batches: how long each phase took."""

from typing import Any

from pipeline.observing import metrics


class Progress:
    """Takes the query's newest progress again and again, and reports each batch once.

    Batches that are shorter than the pause between two looks may be missed.
    """

    def __init__(self) -> None:
        self._last = -1

    def note(self, progress: Any) -> None:
        """`progress` is `StreamingQuery.lastProgress`, None before the first batch."""
        if progress is None or progress["batchId"] == self._last or not progress["numInputRows"]:
            return
        self._last = progress["batchId"]
        metrics.spark_phases(progress["durationMs"])
