"""Owns a micro-batch: spread over the workers that there are now; videos whose last frame was in it are completed."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from uuid import UUID

from pyspark.sql import DataFrame

from pipeline.completion import complete_if_full
from pipeline.contracts.errors import StoreUnavailable
from pipeline.observing import metrics
from pipeline.stores.results import ResultStore
from pipeline.stores.videos import VideoStore
from spark_jobs import transforms
from spark_jobs.crew import Crew

AT_ONCE = 4
"""Videos that are completed at the same time: each waits for some writes, one after the other."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BatchEnd:
    """The `foreachBatch` function. The workers keep their outcomes themselves; it runs them and looks at the ledger.

    `analyse` makes outcomes of records. Threads complete videos while the next batch runs, one batch behind at most:
    workers would have nothing to do meanwhile. What they do not come to, the sweeper does.
    """

    videos: VideoStore
    results: ResultStore
    crew: Crew
    analyse: Callable[[DataFrame], DataFrame]
    _ended: float = field(default_factory=time.monotonic, init=False)
    _running: bool = field(default=False, init=False)
    _threads: ThreadPoolExecutor = field(init=False, default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "completing"))
    _completing: Sequence[Future[None]] = field(default=(), init=False)
    _closed: threading.Event = field(default_factory=threading.Event, init=False)

    def idle_seconds(self) -> float:
        """For how long no batch has run."""
        return 0.0 if self._running else time.monotonic() - self._ended

    def __call__(self, batch_df: DataFrame, batch_id: int) -> None:
        """Have the batch analysed and kept, then complete."""
        began = time.perf_counter()
        self._running = True
        try:
            with self.crew.batch() as workers:
                outcomes = self.analyse(transforms.spread(batch_df, workers))
                frames = Counter(outcomes.toArrow().column("video_id").to_pylist())
        finally:
            self._running, self._ended = False, time.monotonic()
        seconds = time.perf_counter() - began
        metrics.micro_batch(frames.total(), seconds)
        log.info("batch %d: %d records in %.2f s by %d workers", batch_id, frames.total(), seconds, workers)
        wait(self._completing)
        ids = [UUID(video_id) for video_id in frames if video_id is not None]
        self._completing = [self._threads.submit(self._complete, video_id) for video_id in ids]

    def close(self, seconds: float) -> None:
        """Wait until the videos of the last batch are completed, `seconds` at most."""
        wait(self._completing, seconds)
        self._closed.set()

    def _complete(self, video_id: UUID) -> None:
        if self._closed.is_set():
            return
        try:
            complete(self.videos, self.results, video_id)
        except Exception:
            log.exception("video %s is left to the sweeper", video_id)


def complete(videos: VideoStore, results: ResultStore, video_id: UUID) -> None:
    """End the video if it is full. A store that does not answer is not waited for: the sweeper comes by."""
    try:
        complete_if_full(videos, results, video_id)
    except StoreUnavailable as e:
        log.warning("video %s is left to the sweeper: %s", video_id, e)
