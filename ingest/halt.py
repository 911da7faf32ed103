"""Owns how work on a video is told to stop, and why."""

import threading
from collections.abc import Callable
from enum import StrEnum

from pipeline.contracts.errors import FramewiseError


class HaltReason(StrEnum):
    """Why work stops before its end."""

    LEASE_LOST = "the lease is lost"
    ENDED = "the video has ended"
    SHUTDOWN = "the service is stopping"
    PUT_BACK = "it is long, and the last place is for short ones"


class Halted(FramewiseError):
    """The work was told to stop; the video's state is for others to write."""

    type = "halted"
    title = "The work was stopped"


class Halt:
    """A flag that any thread may raise once; workers ask it often. The first reason stays."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._held: Callable[[], bool] = lambda: True
        self.reason: HaltReason | None = None

    def bind(self, held: Callable[[], bool]) -> None:
        """From now on the work may go on only while `held` says so; it must answer at once.

        It is asked at each check: a process that was stopped in its work learns of a lost lease before it goes on.
        """
        self._held = held

    def raise_flag(self, reason: HaltReason) -> None:
        """Ask for the end; returns at once."""
        with self._lock:
            self.reason = self.reason or reason
        self._event.set()

    def check(self) -> None:
        """Raise Halted if the end was asked for."""
        if self.is_set:
            raise Halted(str(self.reason))

    def wait(self, seconds: float) -> None:
        """Sleep, then check; wakes up early to raise Halted."""
        self._event.wait(seconds)
        self.check()

    @property
    def is_set(self) -> bool:
        """Whether the end was asked for."""
        if not self._event.is_set() and not self._held():
            self.raise_flag(HaltReason.LEASE_LOST)
        return self._event.is_set()
