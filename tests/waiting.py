"""Waits for what will happen soon."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1
"""Seconds: what comes at once is not waited for long, and what takes long is not asked too often."""


def wait_until(
    happened: Callable[[], T], seconds: float = 30.0, why: Callable[[], str] = lambda: "it did not happen"
) -> T:
    """Its answer as soon as that is true; fails with `why` when it is not within so many seconds."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not (answer := happened()):
        assert time.monotonic() < deadline, why()
        time.sleep(pause)
        pause = min(1.3 * pause, LONGEST_PAUSE)
    return answer
