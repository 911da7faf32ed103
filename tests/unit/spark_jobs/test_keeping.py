import threading
from collections.abc import Sequence

import pytest

from spark_jobs.keeping import PORTION_SECONDS, TOGETHER, Keeping
from tests.clock import Clock


class Kept:
    """What is kept, a list a time; it can be held up, and it can fail."""

    def __init__(self) -> None:
        self.lots: list[list[str]] = []
        self.free = threading.Event()
        self.free.set()
        self.fails = False

    def __call__(self, some: Sequence[str]) -> None:
        assert self.free.wait(10)
        if self.fails:
            raise ValueError("the disk is full")
        self.lots.append(list(some))


def test_small_batches_are_kept_together() -> None:
    kept, clock = Kept(), Clock(0.0)
    keeping = Keeping(kept, clock)
    for name in "abcde":
        keeping.add(name, TOGETHER // 4)
    keeping.finish(lambda: kept.lots.append(["counted"]))
    assert kept.lots == [["a", "b", "c", "d"], ["e"], ["counted"]]


def test_slow_ones_are_kept_soon() -> None:
    kept, clock = Kept(), Clock(0.0)
    keeping = Keeping(kept, clock)
    keeping.add("a", 1)
    clock.now = PORTION_SECONDS
    keeping.add("b", 1)
    keeping.add("c", 1)
    keeping.settle()
    assert kept.lots == [["a", "b"]]


def test_never_more_than_one_lot_behind() -> None:
    kept = Kept()
    keeping = Keeping(kept)
    kept.free.clear()
    keeping.add("a", TOGETHER)
    late = threading.Timer(0.2, kept.free.set)
    late.start()
    keeping.add("b", TOGETHER)
    assert kept.free.is_set()
    assert ["a"] in kept.lots


def test_what_cannot_be_kept_is_heard_of_and_not_tried_by_the_next_task() -> None:
    kept = Kept()
    keeping = Keeping(kept)
    kept.fails = True
    keeping.add("a", TOGETHER)
    keeping.add("b", 1)
    with pytest.raises(ValueError, match="disk is full"):
        keeping.finish(lambda: None)
    keeping.settle()
    kept.fails = False
    keeping.begin()
    keeping.add("c", 1)
    keeping.finish(lambda: None)
    assert kept.lots == [["c"]]
