"""Owns the heartbeat: messages at work stay invisible to others, however long the work takes."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from connectors.aws.seams import AwsUnavailable, Message, Queue

BEATS = 3
"""In the time for which a message is invisible: two may fail."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Held:
    """A message at work. After `let_go` nothing extends it any more."""

    queue: Queue
    message: Message
    _held: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def extend(self, seconds: int) -> None:
        """Keep it invisible; when that fails it may come to another as well, and both say the same."""
        with self._lock:
            if not self._held:
                return
            try:
                self.queue.extend(self.message, seconds)
            except AwsUnavailable as e:
                logger.warning("a message at work may come twice: %s", e)

    def let_go(self) -> None:
        """It is at work no more."""
        with self._lock:
            self._held = False


class Heartbeat(threading.Thread):
    """Extends what is held, in a thread of its own, until `end`."""

    def __init__(self, visibility: int) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._visibility = visibility
        self._all: list[Held] = []
        self._lock = threading.Lock()
        self._end = threading.Event()

    def hold(self, queue: Queue, message: Message) -> Held:
        """Begin to hold a message."""
        held = Held(queue, message)
        with self._lock:
            self._all.append(held)
        return held

    def let_go(self, held: Held) -> None:
        """Hold it no more; returns when it is not being extended either."""
        with self._lock, suppress(ValueError):
            self._all.remove(held)
        held.let_go()

    @contextmanager
    def holding(self, queue: Queue, message: Message) -> Iterator[None]:
        """Hold a message for the length of a block."""
        held = self.hold(queue, message)
        try:
            yield
        finally:
            self.let_go(held)

    def run(self) -> None:
        """Beat."""
        while not self._end.wait(self._visibility / BEATS):
            with self._lock:
                now = tuple(self._all)
            for held in now:
                held.extend(self._visibility)

    def end(self) -> None:
        """Stop."""
        self._end.set()
