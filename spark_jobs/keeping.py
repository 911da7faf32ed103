"""Owns when outcomes are kept: several batches together, beside the analysis, and never more than one lot behind."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

TOGETHER = 64
"""So many frames at least: a request costs servers more than its rows do."""
PORTION_SECONDS = 2.0
"""But about so often, however few they are: ingest sends more only when it hears of outcomes."""

Found = TypeVar("Found")


class Keeping(Generic[Found]):
    """Has what is found kept by a thread, in order. For one thread; raises what `keep` has raised at a later call."""

    def __init__(self, keep: Callable[[Sequence[Found]], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keep")
        self._waiting: list[Found] = []
        self._frames = 0
        self._since = clock()
        self._behind: Future[None] | None = None

    def begin(self) -> None:
        """A task begins: forget what another one left when it failed."""
        self._waiting, self._frames, self._since = [], 0, self._clock()

    def add(self, found: Found, frames: int) -> None:
        """Keep this with what comes next, or with what waits for it."""
        self._waiting.append(found)
        self._frames += frames
        if self._frames >= TOGETHER or self._clock() - self._since >= PORTION_SECONDS:
            self._go_on()

    def at_once(self, found: Found) -> Future[None]:
        """Keep this alone."""
        return self._thread.submit(self._keep, [found])

    def finish(self, last: Callable[[], None]) -> None:
        """Wait until all is kept, and have the same thread do the `last` thing."""
        self._go_on()
        self._go_on()  # which waits for what the first call began
        self._thread.submit(last).result()

    def settle(self) -> None:
        """Wait for what is being kept, whatever becomes of it."""
        if self._behind is not None:
            wait([self._behind])
            self._behind = None

    def _go_on(self) -> None:
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.result()
        if self._waiting:
            self._behind = self._thread.submit(self._keep, self._waiting)
        self.begin()
