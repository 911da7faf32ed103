"""Owns how many workers live frames need: more while those that there are have no rest, fewer after a long one."""

import time
from collections.abc import Callable

from pipeline.observing.process_counts import read_counts, shared_folder

BUSY = "framewise_live_busy_seconds_total"
SPAN_SECONDS = 4.0
"""Over so long it is judged; shorter, and a single slow frame would count."""
FULL = 0.75
"""The share of their time in which workers analyse: with more, frames wait for each other."""
IDLE_SECONDS = 300.0
"""A worker that the others could do without for so long goes."""


def busy_seconds() -> float | None:
    """For how long live workers have analysed, all together; None where that is not shared."""
    folder = shared_folder()
    if folder is None:
        return None
    try:
        return sum(value for counted, value in read_counts(folder, (BUSY,)).items() if counted.name == BUSY)
    except OSError:
        return None


class LiveNeed:
    """Judges by how busy the workers for live frames are. For one thread."""

    def __init__(
        self, busy: Callable[[], float | None] = busy_seconds, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._busy = busy
        self._clock = clock
        self._since = clock()
        self._before: float | None = None
        self._needed_at = clock()

    def tasks(self, now: int, least: int, most: int) -> int:
        """How many are needed when there are `now`: never fewer than `least`, else `most` at most."""
        bounded = max(least, min(now, most))
        if bounded != now:
            return self._anew(bounded)
        span = self._clock() - self._since
        if span < SPAN_SECONDS:
            return now
        busy = self._share(span)
        if busy is None:
            return now
        if busy > FULL * (now - 1) or now == least:
            self._needed_at = self._clock()
        if busy > FULL * now and now < most:
            return self._anew(now + 1)
        return self._anew(now - 1) if self._clock() - self._needed_at > IDLE_SECONDS else now

    def _share(self, span: float) -> float | None:
        """How many workers were kept busy since the last look."""
        before, self._before = self._before, self._busy()
        self._since = self._clock()
        if before is None or self._before is None:
            return None
        return max(0.0, self._before - before) / span

    def _anew(self, tasks: int) -> int:
        """After a change, nothing is judged by what was before it."""
        self._since = self._needed_at = self._clock()
        self._before = None
        return tasks
