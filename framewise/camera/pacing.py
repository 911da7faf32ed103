"""Owns when the next picture is taken, by a clock that is never set, and how long is waited for what is away."""

import time
from collections.abc import Callable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0


class Pace:
    """Every `interval` seconds, on a fixed grid: what was missed is not made up for. 0 takes every picture."""

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next = float("-inf")

    def due(self) -> bool:
        """Whether it is time for a picture; if so, the next one is due an interval later."""
        now = self._clock()
        if now < self._next:
            return False
        late = now - self._next
        self._next = now + self._interval if late > self._interval else self._next + self._interval
        return True


class Pauses:
    """Pauses that double, until something succeeds."""

    def __init__(self, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._first = self._pause = first
        self._longest = longest

    def reset(self) -> None:
        """It succeeded."""
        self._pause = self._first

    def next(self) -> float:
        """Seconds to wait now."""
        pause, self._pause = self._pause, min(self._longest, 2 * self._pause)
        return pause
