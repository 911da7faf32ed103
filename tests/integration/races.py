"""Lets threads do the same thing at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def race(threads: int, work: Callable[[int], T]) -> list[T]:
    """What each of `threads` threads answered, all let go at once; each gets its number."""
    gate = threading.Barrier(threads)

    def run(number: int) -> T:
        gate.wait(30)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
