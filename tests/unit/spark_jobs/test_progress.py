"""What is told of micro-batches, by a real query: each once, those without records not at all."""

import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.progress import Progress


def test_each_batch_is_told_once(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, int]] = []
    monkeypatch.setattr("pipeline.observing.metrics.spark_phases", told.append)
    source = tmp_path / "in"
    source.mkdir()
    stream = spark.readStream.schema("value string").text(str(source))
    query = stream.writeStream.format("noop").option("checkpointLocation", str(tmp_path / "checkpoint")).start()
    progress = Progress()
    try:
        query.processAllAvailable()
        progress.look(query)
        assert told == []
        for count, name in enumerate(("first", "second"), start=1):
            (source / name).write_text("a record\n")
            query.processAllAvailable()
            until = time.monotonic() + 30
            while len(told) < count and time.monotonic() < until:  # it is written down after the batch
                progress.look(query)
            progress.look(query)
            assert len(told) == count
        assert all(phases["addBatch"] >= 0 and phases["triggerExecution"] >= 0 for phases in told)
    finally:
        query.stop()
