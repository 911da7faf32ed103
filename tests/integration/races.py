"""Waits for what will happen soon, and lets threads do the same thing at the same moment."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that will happen soon."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def race(threads: int, work: Callable[[int], T]) -> list[T]:
    """What each of `threads` threads answered, all let go at once; each gets its number."""
    gate = threading.Barrier(threads)

    def run(number: int) -> T:
        gate.wait(30)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
