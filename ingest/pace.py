"""Owns how many frames may be under way: seconds of work, so that a newcomer waits no longer than that."""

import threading
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID

from pipeline.contracts.results import TaskName

Tasks = frozenset[TaskName]

ALONE_SECONDS = 16.0
"""Of work under way while one video is read: enough for the analysis never to wait."""
SHARED_SECONDS = 6.0
"""Of work under way while several are, all together: a short video waits behind no more than this."""
WINDOW_SECONDS = 15.0
LEARNING_SECONDS = 10.0
"""So long after a start, the rate that was learned with the same tasks before is believed."""
LEAST_FRAMES = 128


class Pace:
    """Learns how fast the analysis is from the outcomes of the videos that are read here. Safe for threads.

    `least` frames may always be under way, of all videos together: enough to learn by.
    """

    def __init__(self, least: int = LEAST_FRAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._least = least
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[UUID, int | None] = {}
        self._tasks: dict[UUID, Tasks] = {}
        self._remembered: dict[Tasks, float] = {}
        self._recent: deque[tuple[float, int]] = deque()
        self._began = clock()

    def begin(self, video_id: UUID, tasks: Tasks = frozenset()) -> None:
        """This video is read now; these tasks are run on its frames."""
        with self._lock:
            self._tasks[video_id] = tasks
            if not self._known:
                self._began = self._clock()
                self._recent.clear()
            self._known[video_id] = None

    def end(self, video_id: UUID) -> None:
        """It is not any more."""
        with self._lock:
            if len(self._known) == 1 and (rate := self._measured()) > 0:
                self._remembered[self._tasks[video_id]] = rate
            self._known.pop(video_id, None)
            self._tasks.pop(video_id, None)

    def note(self, video_id: UUID, outcomes: int) -> None:
        """So many of its frames have an outcome by now."""
        with self._lock:
            before = self._known.get(video_id)
            if before is not None:
                self._recent.append((self._clock(), outcomes - before))
            if video_id in self._known:
                self._known[video_id] = outcomes

    def allowance(self) -> int:
        """How many frames each of the videos may have under way."""
        with self._lock:
            count = max(1, len(self._known))
            seconds = ALONE_SECONDS if count == 1 else SHARED_SECONDS / count
            return max(self._least // count, round(self._rate() * seconds))

    def _rate(self) -> float:
        """Frames a second: as measured, and in the beginning as remembered of the slowest of the videos."""
        measured = self._measured()
        if self._clock() - self._began > LEARNING_SECONDS:
            return measured
        return max(measured, min((self._remembered.get(tasks, 0.0) for tasks in self._tasks.values()), default=0.0))

    def _measured(self) -> float:
        """Frames a second, over the last while."""
        now = self._clock()
        while self._recent and self._recent[0][0] < now - WINDOW_SECONDS:
            self._recent.popleft()
        return sum(number for _, number in self._recent) / min(WINDOW_SECONDS, max(1.0, now - self._began))
