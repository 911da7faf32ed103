"""Owns the processes behind the workers: has more of them made ready, and ends those that are too many."""

import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psutil
import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline.contracts.results import TaskName
from pipeline.identity import Identity, process_of
from spark_jobs.process import WorkerSettings
from spark_jobs.warming import warm

HELD_SECONDS = 0.5
"""So long each process is kept by a count, lest one process be counted twice."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SparkHands:
    """The Python workers of a Spark application. `tasks` are those whose models are loaded beforehand."""

    spark: SparkSession
    settings: WorkerSettings
    tasks: Sequence[TaskName]

    def make_ready(self, processes: int) -> None:
        """Spark gives a task an idle process, or makes one: so many tasks at the same time are so many processes."""
        began = time.monotonic()
        warm(self.spark, self.settings, processes, self.tasks)
        log.info("%d workers are ready after %.1f s", processes, time.monotonic() - began)

    def dismiss(self, processes: int, keep: int) -> None:
        """Spark would keep idle processes while others are at work; it finds out by itself that one has ended.

        Those of other machines are left to it.
        """
        ours = [who for host, who in idle(self.spark, processes) if host == socket.gethostname()]
        for who in ours[keep:]:
            if (process := process_of(who)) is not None:
                process.terminate()
                log.info("worker process %d has ended, it was one too many", who.pid)


def idle(spark: SparkSession, processes: int) -> list[tuple[str, Identity]]:
    """Host and identity of so many processes that are not at work, the oldest first: those have their models loaded."""

    def who(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            time.sleep(HELD_SECONDS)
            me = psutil.Process(os.getpid())
            row = {"host": socket.gethostname(), "pid": me.pid, "created": me.create_time()}
            yield pa.RecordBatch.from_pylist([row])

    table = spark.range(0, processes, 1, processes).mapInArrow(who, "host string, pid long, created double").toArrow()
    found = {(row["host"], Identity(row["pid"], row["created"])) for row in table.to_pylist()}
    return sorted(found, key=lambda one: one[1].created)
