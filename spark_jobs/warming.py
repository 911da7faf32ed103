"""Owns warm workers: loads every model before the first frame, and keeps idle workers from being ended."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline.contracts.results import ModelInfo, TaskName
from spark_jobs.process import WorkerSettings, this_process

KEEP_SECONDS = 20.0
"""Spark ends Python workers that idle for a minute, their models with them."""

SCHEMA = (
    "task string, model string, digest string, runtime string, labels array<string>, licence string, "
    "min_confidence double, loaded_at string"
)


def warm(spark: SparkSession, settings: WorkerSettings, workers: int, tasks: Sequence[TaskName]) -> list[ModelInfo]:
    """Load the models of these tasks in every worker at the same time; returns what they loaded."""

    def load(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            models = this_process(settings).warm(tasks)
            yield pa.RecordBatch.from_pylist([_row(model) for model in models], schema=_arrow_schema())

    table = spark.range(0, workers, 1, workers).mapInArrow(load, SCHEMA).toArrow()
    found = {row["task"]: _info(row) for row in table.to_pylist()}
    return list(found.values())


def _arrow_schema() -> pa.Schema:
    text = pa.string()
    return pa.schema(
        [
            ("task", text),
            ("model", text),
            ("digest", text),
            ("runtime", text),
            ("labels", pa.list_(text)),
            ("licence", text),
            ("min_confidence", pa.float64()),
            ("loaded_at", text),
        ]
    )


def _row(model: ModelInfo) -> dict[str, Any]:
    return {
        "task": model.task.value,
        "model": model.model,
        "digest": model.digest,
        "runtime": model.runtime,
        "labels": list(model.labels),
        "licence": model.licence,
        "min_confidence": model.min_confidence,
        "loaded_at": model.loaded_at.isoformat(),
    }


def _info(row: dict[str, Any]) -> ModelInfo:
    known = row | {
        "task": TaskName(row["task"]),
        "labels": tuple(row["labels"]),
        "loaded_at": datetime.fromisoformat(row["loaded_at"]),
    }
    return ModelInfo(**known)


def keep_warm(
    spark: SparkSession,
    settings: WorkerSettings,
    rest: Callable[[], AbstractContextManager[int]],
    stopped: threading.Event,
    idle_seconds: Callable[[], float],
) -> threading.Thread:
    """A thread that asks idle workers for nothing, now and then, until `stopped` is set.

    `rest` keeps micro-batches from beginning meanwhile, for which Spark would make more processes, and says how many
    workers are idle.
    """

    def touch() -> None:
        while not stopped.wait(KEEP_SECONDS):
            if idle_seconds() < KEEP_SECONDS:
                continue
            try:
                with rest() as workers:
                    if workers:
                        warm(spark, settings, workers, ())
            except Exception:
                logging.getLogger(__name__).warning("the workers could not be kept warm", exc_info=True)

    thread = threading.Thread(target=touch, name="keep-warm", daemon=True)
    thread.start()
    return thread
