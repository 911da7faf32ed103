"""What is told of micro-batches, by a real query: each once, those without records not at all."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.progress import Progress


def look_until(true: Callable[[], bool], look: Callable[[], None]) -> None:
    """Look again and again; what Spark says of a batch is there a moment after its end."""
    until = time.monotonic() + 30
    while not true() and time.monotonic() < until:
        look()
    look()


def test_each_batch_is_told_once(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, int]] = []
    monkeypatch.setattr("pipeline.observing.metrics.spark_phases", told.append)
    source = tmp_path / "in"
    source.mkdir()
    stream = spark.readStream.schema("value string").text(str(source))
    query = stream.writeStream.format("noop").option("checkpointLocation", str(tmp_path / "checkpoint")).start()
    look = partial(Progress().look, query)
    try:
        query.processAllAvailable()
        look_until(lambda: query.lastProgress is not None, look)
        assert told == []
        (source / "first").write_text("a record\n")
        query.processAllAvailable()
        look_until(lambda: len(told) == 1, look)
        (source / "second").write_text("a record\n")
        query.processAllAvailable()
        look_until(lambda: len(told) == 2, look)
        assert len(told) == 2
        assert all(phases["addBatch"] >= 0 and phases["triggerExecution"] >= 0 for phases in told)
    finally:
        query.stop()
