"""Owns how many frames may be under way: seconds of work, so that a newcomer waits no longer than that."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from pipeline.contracts.results import TaskName

Tasks = frozenset[TaskName]

ALONE_SECONDS = 16.0
"""Of work under way while one video is read: enough for the analysis never to wait. The same of videos that are
published whole: many short ones are as much work as a long one."""
SHARED_SECONDS = 6.0
"""Of work under way while several are, all together: a short video waits behind no more than this."""
WINDOW_SECONDS = 15.0
LEARNING_SECONDS = 10.0
"""So long after a start, the rate that was learned with the same tasks before is believed."""
LEAST_FRAMES = 128
LEAST_OF_EACH = 64
"""Of each of several videos: short ones are published whole before any speed is known."""
WHOLE = 8
"""So many times the least may be under way of videos that are published whole: a service that has just started is slow,
and would stay so with small batches."""


@dataclass(slots=True)
class _Known:
    """A video: its tasks, how many outcomes were counted, and how many frames it has once all are published."""

    tasks: Tasks
    outcomes: int | None = None
    frames: int | None = None

    @property
    def waiting(self) -> int:
        """Frames without an outcome, of a video that is published whole."""
        return max(0, self.frames - (self.outcomes or 0)) if self.frames is not None else 0


class Pace:
    """Learns how fast the analysis is from the outcomes of the videos that are, or were, read here. Safe for threads.

    A short video is published before it has an outcome, so what comes later counts too. `least` frames may always be
    under way, of all videos together, and some of each: enough to learn by.
    """

    def __init__(self, least: int = LEAST_FRAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._least = least
        self._clock = clock
        self._lock = threading.Lock()
        self._read: dict[UUID, _Known] = {}
        self._published: dict[UUID, _Known] = {}
        self._remembered: dict[Tasks, float] = {}
        self._recent: deque[tuple[float, int]] = deque()
        self._began = clock()

    def begin(self, video_id: UUID, tasks: Tasks = frozenset()) -> None:
        """This video is read now; these tasks are run on its frames."""
        with self._lock:
            self._published.pop(video_id, None)
            if not self._read and not self._published:
                self._began = self._clock()
                self._recent.clear()
            self._read[video_id] = _Known(tasks)

    def end(self, video_id: UUID, published: int | None = None) -> None:
        """It is not any more; all of its frames are published, so many, or None when it was stopped before."""
        with self._lock:
            known = self._read.pop(video_id)
            if {video.tasks for video in self._videos()} <= {known.tasks} and (rate := self._measured()) > 0:
                self._remembered[known.tasks] = rate
            if published is not None:
                known.frames = published
                self._published[video_id] = known

    def note(self, video_id: UUID, outcomes: int) -> None:
        """So many of its frames have an outcome by now."""
        with self._lock:
            known = self._read.get(video_id) or self._published.get(video_id)
            if known is not None:
                self._note(known, outcomes)

    def still_open(self, video_ids: Collection[UUID]) -> None:
        """Of published videos, all but these have ended, mostly since each of their frames has an outcome."""
        with self._lock:
            for video_id in self._published.keys() - set(video_ids):
                known = self._published.pop(video_id)
                self._note(known, known.frames or 0)

    def full(self) -> bool:
        """Whether the analysis has enough to do with the videos that are published whole."""
        with self._lock:
            waiting = sum(known.waiting for known in self._published.values())
            return waiting >= max(self._least * WHOLE, self._rate() * ALONE_SECONDS)

    def allowance(self) -> int:
        """How many frames each of the videos may have under way."""
        with self._lock:
            count = max(1, len(self._read))
            seconds = ALONE_SECONDS if count == 1 else SHARED_SECONDS / count
            return max(self._least // count, min(self._least, LEAST_OF_EACH), round(self._rate() * seconds))

    def _rate(self) -> float:
        """Frames a second: as measured, and in the beginning as remembered of the slowest of the videos."""
        measured = self._measured()
        if self._clock() - self._began > LEARNING_SECONDS:
            return measured
        return max(measured, min((self._remembered.get(video.tasks, 0.0) for video in self._videos()), default=0.0))

    def _measured(self) -> float:
        """Frames a second, over the last while."""
        now = self._clock()
        while self._recent and self._recent[0][0] < now - WINDOW_SECONDS:
            self._recent.popleft()
        return sum(number for _, number in self._recent) / min(WINDOW_SECONDS, max(1.0, now - self._began))

    def _note(self, known: _Known, outcomes: int) -> None:
        if known.outcomes is not None:
            self._recent.append((self._clock(), max(0, outcomes - known.outcomes)))
        known.outcomes = outcomes

    def _videos(self) -> list[_Known]:
        return [*self._read.values(), *self._published.values()]
