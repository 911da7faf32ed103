"""Owns that what is shown of a video's progress never falls: the highest that this process has shown."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

MOST_VIDEOS = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an attempt of a video was."""

    share: float | None = None
    published: int = 0


class Marks:
    """The highest mark of each attempt, of the videos asked for lately. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: OrderedDict[tuple[UUID, int], Mark] = OrderedDict()

    def raised(self, video_id: UUID, attempt: int, mark: Mark) -> Mark:
        """The higher of this mark and those before, in each of its parts."""
        key = video_id, attempt
        with self._lock:
            before = self._marks.get(key, mark)
            shares = [share for share in (before.share, mark.share) if share is not None]
            highest = Mark(max(shares, default=None), max(before.published, mark.published))
            self._marks[key] = highest
            self._marks.move_to_end(key)
            while len(self._marks) > MOST_VIDEOS:
                self._marks.popitem(last=False)
            return highest
