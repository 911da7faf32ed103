"""Owns the places of a worker: how many files are read at once, and that long ones leave one to the short ones."""

import threading
from uuid import UUID

from pipeline.queue import is_long

RESERVED = 1


class Places:
    """Who has a place. Of several, the last is for files that are short; who may be long is there on trial.

    Safe for threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._for_long = most - RESERVED if most > RESERVED else most
        self._any: set[UUID] = set()
        self._short: set[UUID] = set()
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """Places that nobody has."""
        with self._lock:
            return self._most - len(self._any) - len(self._short)

    @property
    def free_for_long(self) -> int:
        """Those of them that a long file may have."""
        with self._lock:
            return self._left()

    def _left(self) -> int:
        taken = len(self._any) + len(self._short)
        return max(0, min(self._most - taken, self._for_long - len(self._any)))

    def take(self, video_id: UUID, frames: float | None) -> bool:
        """Have a place; whether it is on trial: `become` says whether it is kept. Frames are None if not known."""
        with self._lock:
            short = frames is not None and not is_long(frames)
            if not short and self._left() > 0:
                self._any.add(video_id)
                return False
            self._short.add(video_id)
            return not short

    def become(self, video_id: UUID, frames: float | None) -> bool:
        """So many frames were found, None if the file does not say; whether the place is kept."""
        with self._lock:
            if frames is not None and not is_long(frames):
                self._any.discard(video_id)
                self._short.add(video_id)
                return True
            if video_id in self._short and len(self._any) < self._for_long:
                self._short.discard(video_id)
                self._any.add(video_id)
            return video_id in self._any

    def leave(self, video_id: UUID) -> None:
        """Have none any more."""
        with self._lock:
            self._any.discard(video_id)
            self._short.discard(video_id)
