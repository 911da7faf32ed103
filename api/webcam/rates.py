"""Owns how many pictures a second a page may send of one video."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from uuid import UUID

from pipeline.contracts.errors import TooManyRequests

MOST_A_SECOND = 60
MOST_VIDEOS = 1000


class PictureRates:
    """When the pictures of the last second came, of the videos that are being sent. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._came: OrderedDict[UUID, deque[float]] = OrderedDict()

    def count(self, video_id: UUID) -> None:
        """Count a picture; raises TooManyRequests when too many came within a second."""
        now = self._clock()
        with self._lock:
            came = self._came.setdefault(video_id, deque(maxlen=MOST_A_SECOND))
            self._came.move_to_end(video_id)
            while len(self._came) > MOST_VIDEOS:
                self._came.popitem(last=False)
            if len(came) == MOST_A_SECOND and now - came[0] < 1.0:
                raise TooManyRequests(f"{MOST_A_SECOND} pictures a second are taken of a video; send fewer", 1)
            came.append(now)
