"""Owns what a task without end does: it analyses live frames, one at a time, as they come."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from pipeline.observing import metrics
from spark_jobs.live_counts import LateCounts
from spark_jobs.live_frames import LiveFrames
from spark_jobs.records import Row
from spark_jobs.worker import FrameWorker

POLL_SECONDS = 0.2
COUNT_SECONDS = 0.25
AHEAD = 2
"""Frames whose outcomes are still being kept while the next one is analysed."""


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
                    began = time.monotonic()
                    self._under_way.append((record, self._worker.take([record])[1]))
                    metrics.live_busy(time.monotonic() - began)
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
