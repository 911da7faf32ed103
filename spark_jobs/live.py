"""Owns the analysis of live frames: Spark tasks without end, each with a worker of its own, a frame at a time."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.live_counts import LateCounts
from spark_jobs.live_frames import KafkaLiveFrames, LiveFrames
from spark_jobs.process import WorkerSettings, this_process
from spark_jobs.records import Row
from spark_jobs.worker import FrameWorker

POLL_SECONDS = 0.2
COUNT_SECONDS = 0.25
AHEAD = 2
"""Frames whose outcomes are still being kept while the next one is analysed."""
PAUSE_SECONDS = 2.0

log = logging.getLogger(__name__)


class LiveTask:
    """Has each frame analysed as it comes. What it was given is kept, or it raises and another begins there again."""

    def __init__(self, worker: FrameWorker, frames: LiveFrames, counts: LateCounts) -> None:
        self._worker = worker
        self._frames = frames
        self._counts = counts
        self._under_way: deque[tuple[Row, Future[None]]] = deque()
        self._kept: dict[tuple[str, int], Row] = {}
        self._counter = ThreadPoolExecutor(1, thread_name_prefix="count")
        self._counting: tuple[list[Row], Future[None]] | None = None
        self._counted_at = 0.0

    def run(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Raises StoreError when an outcome cannot be kept, or frames cannot be read."""
        self._worker.begin()
        try:
            while goes_on():
                record = self._frames.next(POLL_SECONDS)
                if record is not None:
                    self._under_way.append((record, self._worker.take([record])[1]))
                self._settle()
                self._count()
        finally:
            self._counter.shutdown()
            self._frames.close()

    def _settle(self) -> None:
        """Note what is kept by now; waits when too much is not."""
        while self._under_way and (len(self._under_way) > AHEAD or self._under_way[0][1].done()):
            record, keeping = self._under_way.popleft()
            keeping.result()
            self._kept[record["topic"], record["partition"]] = record

    def _count(self) -> None:
        """Have the ledger counted beside the analysis, now and then; what was counted is not read again."""
        if self._counting is not None and self._counting[1].done():
            (records, counting), self._counting = self._counting, None
            counting.result()
            for record in records:
                self._frames.kept(record)
        if self._counting is None and time.monotonic() - self._counted_at >= COUNT_SECONDS:
            self._counted_at = time.monotonic()
            self._counting = list(self._kept.values()), self._counter.submit(self._counts.count)
            self._kept.clear()


def follow(spark: SparkSession, settings: WorkerSettings, shares: int) -> None:
    """Analyse live frames in `shares` tasks at the same time; returns only by raising what has ended them."""

    def serve(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for share in batch.column("id").to_pylist():
                process = this_process(settings)
                worker, counts = process.live()
                LiveTask(worker, KafkaLiveFrames(settings.kafka, share, shares), counts).run()
        yield from ()

    spark.range(0, shares, 1, shares).mapInArrow(serve, "nothing boolean").toArrow()


def keep_following(
    spark: SparkSession, settings: WorkerSettings, shares: int, stopped: threading.Event
) -> threading.Thread:
    """A thread that follows, and again after whatever ended it, until `stopped` is set."""

    def run() -> None:
        while not stopped.is_set():
            try:
                follow(spark, settings, shares)
            except Exception:
                if not stopped.is_set():
                    log.warning("the analysis of live frames begins again", exc_info=True)
            stopped.wait(PAUSE_SECONDS)

    thread = threading.Thread(target=run, name="live", daemon=True)
    thread.start()
    return thread
