"""Owns preparing what comes next while the present is worked on, one step ahead and no further."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class Ahead(Protocol):
    """How preparation and work share the time."""

    def each(self, make: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """What is made of each item, in order. Raises what `make` raises; it may be called in several threads."""

    def prepared(self, make: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
        """What is made of the items, one after the other. `make` may be called a step before, in another thread.

        It never runs twice at the same time, and is at most one step ahead of who takes.
        """


class Alone:
    """Nothing runs beside: with a worker a core there is no core to run it on."""

    def each(self, make: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """In this thread."""
        return [make(item) for item in items]

    def prepared(self, make: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
        """In this thread, when it is asked for."""
        return map(make, items)


class Beside:
    """`threads` of the processor prepare the next step while a GPU computes the present one."""

    def __init__(self, threads: int) -> None:
        self._hands = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
        self._next = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def each(self, make: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """In the threads. Not to be called by one of them."""
        return list(self._hands.map(make, items))

    def prepared(self, make: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
        """One step ahead, in a thread of its own."""
        under_way: Future[Made] | None = None
        try:
            for item in items:
                before, under_way = under_way, self._next.submit(make, item)
                if before is not None:
                    yield before.result()
            if under_way is not None:
                yield under_way.result()
        finally:
            if under_way is not None:
                under_way.cancel()
