"""Owns what Spark says of its micro-batches: how long each phase took."""

import json

from pyspark.sql.streaming.query import StreamingQuery

from pipeline.observing import metrics


class Progress:
    """Looks at a query's newest progress again and again, and reports each batch once.

    Batches that are shorter than the pause between two looks may be missed.
    """

    def __init__(self) -> None:
        self._last = -1

    def look(self, query: StreamingQuery) -> None:
        """Report the newest batch if it is a new one.

        Spark's own `lastProgress` crosses to the JVM for every value in it, once a second a tenth of a core.
        """
        progress = query._jsq.lastProgress()
        if progress is None or not progress.numInputRows() or (batch := progress.batchId()) == self._last:
            return  # an idle query tells the number of the batch to come
        self._last = batch
        metrics.spark_phases(json.loads(progress.json())["durationMs"])
