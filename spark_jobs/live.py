"""Owns what a task without end does: it analyses live frames as they come, one at a time but for a GPU."""

import time
from collections import deque
from collections.abc import Callable, Sequence
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
TOGETHER_ON_GPU = 32
"""A GPU takes as long for a few frames as for one: those that wait are analysed together, so many at most."""


class LiveTask:
    """Has each frame analysed as it comes. What it was given is kept, or it raises and another begins there again.

    Of frames that wait, `together` are analysed at the same time.
    """

    def __init__(self, worker: FrameWorker, frames: LiveFrames, counts: LateCounts, together: int = 1) -> None:
        self._worker = worker
        self._frames = frames
        self._counts = counts
        self._together = together
        self._under_way: deque[tuple[Sequence[Row], Future[None]]] = deque()
        self._kept: dict[tuple[str, int], Row] = {}
        self._counter = ThreadPoolExecutor(1, thread_name_prefix="count")
        self._counting: tuple[list[Row], Future[None]] | None = None
        self._counted_at = 0.0

    def run(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Raises StoreError when an outcome cannot be kept, or frames cannot be read."""
        self._worker.begin()
        try:
            while goes_on():
                if records := self._come():
                    began = time.monotonic()
                    self._under_way.append((records, self._worker.take(records)))
                    metrics.live_busy(time.monotonic() - began)
                self._settle()
                self._count()
        finally:
            self._counter.shutdown()
            self._frames.close()

    def _come(self) -> list[Row]:
        """The next record, if one comes, and those that are there already."""
        record = self._frames.next(POLL_SECONDS)
        records = []
        while record is not None:
            records.append(record)
            record = self._frames.next(0.0) if len(records) < self._together else None
        return records

    def _settle(self) -> None:
        """Note what is kept by now; waits when too much is not."""
        while self._under_way and (len(self._under_way) > AHEAD or self._under_way[0][1].done()):
            records, keeping = self._under_way.popleft()
            keeping.result()
            self._kept |= {(record["topic"], record["partition"]): record for record in records}

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
