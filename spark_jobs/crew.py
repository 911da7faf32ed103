"""Owns how many workers there are: what is asked for meanwhile is taken over between two micro-batches."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.observing import metrics
from pipeline.workforce import Workforce, asked_for, say

LOOK_SECONDS = 0.5
TURN_SECONDS = 5.0
"""For so long a look waits for the end of a micro-batch, before the next look does."""
AGAIN_SECONDS = 30.0
"""After workers could not be made ready, they are tried again so much later."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many workers there may be, and why there may not be more; with `fixed` there are no fewer either."""

    most: int
    why: str
    fixed: bool = False


class Hands(Protocol):
    """Processes that analyse. Raises what Spark raises; for one thread."""

    def make_ready(self, processes: int) -> None:
        """Have so many that are not at work, with their models loaded; those that are lacking are made."""
        ...

    def dismiss(self, processes: int, keep: int) -> None:
        """Of so many that are not at work, end all but `keep`, so that their memory comes back."""
        ...


class LiveHands(Protocol):
    """The tasks that analyse live frames."""

    @property
    def tasks(self) -> int:
        """How many there are."""
        ...

    def wanted(self, most: int) -> int:
        """How many are wanted now, `most` at most (but for those that there are from the start on)."""
        ...

    def become(self, tasks: int) -> None:
        """Be so many from now on. Returns at once; frames that are lost on the way are read again."""
        ...


class Crew:
    """The workers for files, and those for live frames beside them.

    Workers that come load their models while the others go on; the next micro-batch is spread over them. Those that
    are too many end after the micro-batch that runs. `started` is their number unless another is asked for.
    """

    def __init__(self, hands: Hands, live: LiveHands, data_dir: Path, started: int, limit: Callable[[], Limit]) -> None:
        self._hands = hands
        self._live = live
        self._data_dir = data_dir
        self._started = started
        self._limit = limit
        self._working = 0
        self._processes = 0
        self._turn = threading.Lock()
        self._running = False
        self._failed = ""
        self._said: Workforce | None = None

    @property
    def working(self) -> int:
        """How many workers a micro-batch that begins now has."""
        return self._working

    @contextmanager
    def batch(self) -> Iterator[int]:
        """A micro-batch runs: the number of its workers. While it does, nobody is dismissed."""
        with self._turn:
            self._running = True
            try:
                yield self._working
            finally:
                self._running = False

    @contextmanager
    def rest(self) -> Iterator[int]:
        """Between two micro-batches, of which none begins meanwhile: how many workers are idle, 0 while one runs."""
        if not self._turn.acquire(blocking=False):
            yield 0
            return
        try:
            yield self._working
        finally:
            self._turn.release()

    def start(self) -> int:
        """How many workers to begin with, live ones not among them; they are taken to be ready."""
        self._working = self._possible(self._limit())
        self._processes = self._working + self._live.tasks
        return self._working

    def keep_looking(self, stopped: threading.Event) -> threading.Thread:
        """A thread that looks again and again until `stopped` is set."""

        def run() -> None:
            while not stopped.is_set():
                try:
                    self.look()
                    pause = LOOK_SECONDS
                except Exception as e:
                    if stopped.is_set():
                        return
                    log.warning("the number of workers stays as it is", exc_info=True)
                    self._failed, pause = f"workers could not be made ready: {e}".splitlines()[0][:300], AGAIN_SECONDS
                    self._tell(self._limit())
                stopped.wait(pause)

        thread = threading.Thread(target=run, name="crew", daemon=True)
        thread.start()
        return thread

    def look(self) -> None:
        """Do what is asked for, if it is something else than what there is."""
        limit = self._limit()
        working = self._possible(limit)
        live = self._live.wanted(working)
        if (working, live) != (self._working, self._live.tasks):
            self._change(working, live)
        if self._processes > self._working + self._live.tasks:
            self._dismiss()
        self._tell(limit)

    def _possible(self, limit: Limit) -> int:
        wanted = limit.most if limit.fixed else asked_for(self._data_dir) or self._started
        return max(1, min(wanted, limit.most))

    def _change(self, working: int, live: int) -> None:
        if working + live > self._processes:
            busy = self._live.tasks + (self._working if self._running else 0)
            self._hands.make_ready(working + live - busy)
            self._processes, self._failed = working + live, ""
        log.info("workers: %d (were %d), for live frames %d (%d)", working, self._working, live, self._live.tasks)
        self._working = working
        if live != self._live.tasks:
            self._live.become(live)

    def _dismiss(self) -> None:
        """Between two micro-batches; the next look tries again when there was no end of one."""
        if not self._turn.acquire(timeout=TURN_SECONDS):
            return
        try:
            live = self._live.tasks
            self._hands.dismiss(self._processes - live, self._working)
            self._processes = self._working + live
        finally:
            self._turn.release()

    def _tell(self, limit: Limit) -> None:
        wanted = asked_for(self._data_dir) or self._started
        why = self._failed or (limit.why if wanted > limit.most or limit.fixed else "")
        now = Workforce(wanted, self._working, self._live.tasks, limit.most, why, limit.fixed)
        metrics.workforce(now.wanted, now.working, now.live)
        if now != self._said:
            say(self._data_dir, now)
            self._said = now
