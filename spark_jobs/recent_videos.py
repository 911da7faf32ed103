"""Owns what a task knows of videos between two looks at their rows."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

from pipeline.contracts.videos import Video
from pipeline.stores.videos import VideoStore

FRESH_SECONDS = 0.5


class RecentVideos:
    """What is known of videos, at most half a second old. Safe for threads; forgets those that nobody asks for."""

    def __init__(self, videos: VideoStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._videos = videos
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[UUID, tuple[float, Video | None]] = {}

    def get(self, video_id: UUID) -> Video | None:
        """The video; raises StoreUnavailable."""
        with self._lock:
            now = self._clock()
            self._known = {v: known for v, known in self._known.items() if now - known[0] < FRESH_SECONDS}
            if video_id not in self._known:
                self._known[video_id] = now, self._videos.get(video_id)
            return self._known[video_id][1]
