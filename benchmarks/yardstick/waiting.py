"""Owns waiting for what a streaming query finds."""

import threading
import time

from pyspark.sql.streaming.query import StreamingQuery

LOOK_SECONDS = 0.5


class Gathering:
    """How many frames have a result: counted by one thread, waited for by another."""

    def __init__(self) -> None:
        self._frames = 0
        self._changed = threading.Condition()

    @property
    def frames(self) -> int:
        """As many as were counted, ever."""
        return self._frames

    def add(self, frames: int) -> None:
        """So many more have one."""
        with self._changed:
            self._frames += frames
            self._changed.notify_all()

    def wait(self, frames: int, query: StreamingQuery, seconds: float) -> None:
        """Until so many have one; raises when the query ends before, or the time."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._frames < frames:
                self._changed.wait(LOOK_SECONDS)
                if not query.isActive:
                    raise RuntimeError(f"the query ended: {query.exception()}")
                if time.monotonic() > until:
                    raise TimeoutError(f"{self._frames} of {frames} frames have a result")
