"""Owns the API's view of the queue: read at most once a second, however many ask."""

import threading
import time
from collections.abc import Callable, Mapping
from itertools import islice

from pipeline.contracts.videos import Video
from pipeline.queue import MOST_LISTED, Queue
from pipeline.shares import equal_shares
from pipeline.stores.speed import Speed, SpeedStore
from pipeline.stores.videos import VideoStore

FRESH_SECONDS = 1.0


class QueueWatch:
    """The queue and the service's speed as they were a moment ago. Safe for threads; raises StoreUnavailable."""

    def __init__(
        self,
        videos: VideoStore,
        speeds: SpeedStore,
        clock: Callable[[], float] = time.monotonic,
        shares: Callable[[], Mapping[str, int]] = equal_shares,
    ) -> None:
        self._videos = videos
        self._shares = shares
        self._speeds = speeds
        self._clock = clock
        self._lock = threading.Lock()
        self._queue: tuple[float, Queue] | None = None
        self._speed: tuple[float, Speed | None] | None = None

    def queue(self, seconds: float = FRESH_SECONDS, pending: Video | None = None) -> Queue:
        """The queue, read at most so many seconds ago; one thread reads, others wait for it.

        A `pending` video that is newer is counted in, also for whoever asks next, until it is read again.
        """
        asked = self._clock()
        with self._lock:
            if self._queue is None or self._queue[0] + seconds <= asked:
                began = self._clock()
                listed = list(islice(self._videos.open_listings(), MOST_LISTED))
                self._queue = began, Queue(listed, self._shares())
            if pending is not None:
                self._queue = self._queue[0], self._queue[1].joined(pending)
            return self._queue[1]

    def speed(self) -> Speed | None:
        """What was seen last of the service's speed."""
        asked = self._clock()
        with self._lock:
            if self._speed is None or self._speed[0] + FRESH_SECONDS <= asked:
                self._speed = self._clock(), self._speeds.newest()
            return self._speed[1]
