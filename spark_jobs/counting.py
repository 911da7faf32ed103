"""Owns when the ledger is counted: a bucket's first outcomes at once, later ones seconds apart, the rest at the end.

Counting reads a whole bucket. Who pages through results, or waits for progress, sees by counts which buckets there are.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import AnalyzedFrame
from pipeline.stores.results import ResultStore

EVERY_SECONDS = 2.0
AT_ONCE = 4
"""Buckets that are counted at the same time: a count waits for some requests, one after the other."""
Place = tuple[UUID, int]


class SpacedCounts:
    """Keeps outcomes as the result store does, but counts less often. For one thread; `finish` at a task's end."""

    def __init__(self, results: ResultStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._results = results
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "counting")
        self._counted: dict[Place, float] = {}
        self._changed: set[Place] = set()

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store results and enter the ledger; count what has not been for some seconds. Raises StoreUnavailable."""
        self._results.enter(frames, write_timestamps)
        self._changed |= {(frame.video_id, bucket_of(frame.frame_number)) for frame in frames}
        now = self._clock()
        self._counted = {place: at for place, at in self._counted.items() if now - at < EVERY_SECONDS}
        self._count(place for place in self._changed if place not in self._counted)

    def finish(self) -> None:
        """Count what has changed since it was counted; raises StoreUnavailable."""
        self._count(self._changed)

    def _count(self, places: Iterable[Place]) -> None:
        todo = sorted(places)
        for place in self._threads.map(self._recounted, todo):
            self._changed.discard(place)
            self._counted[place] = self._clock()

    def _recounted(self, place: Place) -> Place:
        video_id, bucket = place
        self._results.recount(video_id, [bucket])
        return place
