"""Owns how long to wait before a source is dialled again: longer each time, never the same for two. Pure."""

import random
from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 10.0


class Backoff:
    """Pauses that double up to a cap, each with jitter: many streams of one camera server do not come back as one."""

    def __init__(self, longest: float = LONGEST_SECONDS, chance: Callable[[], float] = random.random) -> None:
        """`chance` answers with a number from 0 to 1."""
        self._longest = longest
        self._chance = chance
        self._pause = FIRST_SECONDS

    def reset(self) -> None:
        """It answered: begin with a short pause next time."""
        self._pause = FIRST_SECONDS

    def next(self) -> float:
        """Seconds to wait now: from half the pause to the whole of it."""
        pause, self._pause = self._pause, min(self._longest, 2 * self._pause)
        return pause * (0.5 + 0.5 * self._chance())
