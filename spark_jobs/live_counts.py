"""Owns counting live outcomes: a few times a second rather than at each, and once more when a video falls silent."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import AnalyzedFrame
from pipeline.patience import patiently
from pipeline.stores.results import ResultStore
from pipeline.stores.videos import VideoStore
from spark_jobs.batch_end import complete
from spark_jobs.results_sink import RETRY_SECONDS

SILENT_SECONDS = 1.0
"""A video without a frame for so long may have ended."""


class LateCounts:
    """Keeps outcomes as the result store does, but counts later; `count` has to be called now and then."""

    def __init__(self, videos: VideoStore, results: ResultStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._videos = videos
        self._results = results
        self._clock = clock
        self._lock = threading.Lock()
        self._changed: set[tuple[UUID, int]] = set()
        self._last: dict[UUID, float] = {}

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store results and enter the ledger; raises StoreUnavailable."""
        self._results.enter(frames, write_timestamps)
        with self._lock:
            self._changed |= {(frame.video_id, bucket_of(frame.frame_number)) for frame in frames}
            self._last |= dict.fromkeys((frame.video_id for frame in frames), self._clock())

    def finish(self) -> None:
        """A task without end has no end at which to count."""

    def count(self) -> None:
        """Count what has changed, and complete what has ended; waits for a store that does not answer."""
        with self._lock:
            changed, self._changed = self._changed, set()
            silent = {v for v, at in self._last.items() if self._clock() - at >= SILENT_SECONDS}
            self._last = {v: at for v, at in self._last.items() if v not in silent}
        for video_id, bucket in sorted(changed):
            patiently(lambda v=video_id, b=bucket: self._results.recount(v, [b]), RETRY_SECONDS)  # type: ignore[misc]
        for video_id in silent:
            complete(self._videos, self._results, video_id)
