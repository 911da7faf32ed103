"""Owns what is sent of a live video and what is left out, so that its analysis stays about a second behind. Pure."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.contracts.frames import Frame
from pipeline.contracts.videos import KeepFrames

MOST_UNDER_WAY = 256
LEAST_UNDER_WAY = 4
AT_FIRST = 10
"""So many frames may be under way before it is known how fast the analysis is."""
RATE_SECONDS = 4.0
SPARE = 2
"""More under way than the analysis does in the time: else the limit, and not the analysis, would set the pace."""
MOST_WAITING = 1024
LISTEN = 0.1
PROBE_SECONDS = 5.0
"""Though nothing comes back, a frame is sent so often: whoever analyses may have lost those before."""
LOST_SECONDS = 20.0
"""A frame without an outcome for so long, while later ones had theirs, does not hold the others up any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a frame may wait, and for KeepFrames.ALL the bytes that may."""

    fresh_seconds: float = 1.0
    buffer_bytes: int = 128 * 2**20


class FreshFrames:
    """Frames that wait to be sent, and those that were and have no outcome yet. Safe for threads.

    As many frames may be under way as the analysis does in `fresh_seconds`, by the rate at which outcomes have come
    lately. Of what waits, KeepFrames.NEWEST drops the oldest as soon as it is half as old as that; KeepFrames.ALL keeps
    it, up to so many bytes.
    """

    def __init__(self, keep: KeepFrames, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._limits = limits
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[tuple[float, Frame]] = deque()
        self._bytes = 0
        self._under_way: dict[int, float] = {}
        self._newest_done = 0
        self._done_at: deque[float] = deque()
        self._began: float | None = None
        self._sent_at = float("-inf")
        self._dropped = 0

    def offer(self, frame: Frame) -> None:
        """A new frame; older ones may be dropped for it."""
        with self._changed:
            self._waiting.append((self._clock(), frame))
            self._bytes += len(frame.jpeg)
            self._drop_old()
            self._changed.notify_all()

    def _drop_old(self) -> None:
        while len(self._waiting) > 1 and self._too_much():
            _, frame = self._waiting.popleft()
            self._bytes -= len(frame.jpeg)
            self._dropped += 1

    def _too_much(self) -> bool:
        if len(self._waiting) > MOST_WAITING and self._keep is KeepFrames.NEWEST:
            return True
        if self._keep is KeepFrames.ALL:
            return self._bytes > self._limits.buffer_bytes
        old = self._clock() - self._waiting[0][0] > self._limits.fresh_seconds / 2
        return old or self._bytes > self._limits.buffer_bytes

    def take(self, seconds: float) -> Frame | None:
        """The next frame to send, waited for at most so long; it is under way from now on."""
        deadline = self._clock() + seconds
        with self._changed:
            while not self._may_send():
                if (left := deadline - self._clock()) <= 0:
                    return None
                self._changed.wait(min(left, LISTEN))
            if self._keep is KeepFrames.NEWEST:
                self._drop_old()
            _, frame = self._waiting.popleft()
            self._bytes -= len(frame.jpeg)
            self._sent_at = self._clock()
            self._under_way[frame.frame_number] = self._sent_at
            return frame

    def _may_send(self) -> bool:
        if not self._waiting:
            return False
        now = self._clock()
        self._forget_lost(now)
        return len(self._under_way) < self._allowance(now) or now - self._sent_at >= PROBE_SECONDS

    def _allowance(self, now: float) -> int:
        """How many frames may be under way."""
        if self._began is None:
            return AT_FIRST
        while self._done_at and self._done_at[0] < now - RATE_SECONDS:
            self._done_at.popleft()
        rate = len(self._done_at) / min(RATE_SECONDS, max(1.0, now - self._began))
        return min(MOST_UNDER_WAY, max(LEAST_UNDER_WAY, round(rate * self._limits.fresh_seconds) + SPARE))

    def _forget_lost(self, now: float) -> None:
        for number, at in list(self._under_way.items()):
            passed_over = number < self._newest_done and now - at > LOST_SECONDS
            if passed_over or len(self._under_way) > 2 * MOST_UNDER_WAY:
                del self._under_way[number]

    def settle(self, frame_number: int) -> None:
        """This frame has its outcome."""
        with self._changed:
            if self._under_way.pop(frame_number, None) is not None:
                self._newest_done = max(self._newest_done, frame_number)
                self._done_at.append(self._clock())
                self._began = self._done_at[-1] if self._began is None else self._began
                self._changed.notify_all()

    @property
    def dropped(self) -> int:
        """Frames that were left out."""
        with self._changed:
            return self._dropped

    @property
    def full(self) -> bool:
        """Whether half of the room is taken: a source that can wait should."""
        with self._changed:
            return self._bytes > self._limits.buffer_bytes // 2

    @property
    def waiting(self) -> int:
        """Frames that are still to be sent."""
        with self._changed:
            return len(self._waiting)

    @property
    def under_way(self) -> tuple[int, ...]:
        """The frames that were sent and have no outcome yet."""
        with self._changed:
            return tuple(self._under_way)

    @property
    def lag(self) -> float:
        """The age of the oldest frame that waits for its outcome, in seconds; 0 when none does."""
        with self._changed:
            now = self._clock()
            first = [at for at, _ in list(self._waiting)[:1]]
            return max(0.0, now - min([*first, *self._under_way.values()], default=now))
