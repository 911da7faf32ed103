"""Owns reading the part of topic `captures` in which a video's pictures are: the contract, and the in-memory twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

AT_ONCE = 50
"""Records of one poll at most."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as it lies there: its place, when the broker took it, and its parts as bytes."""

    topic: str
    partition: int
    offset: int
    taken_at: datetime
    key: bytes | None
    value: bytes | None = field(repr=False)
    headers: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)


class CaptureLog(Protocol):
    """One reader of one partition; not for several threads. Every call raises StoreUnavailable."""

    def open(self) -> None:
        """Connect."""

    def bounds(self) -> tuple[int, int]:
        """The oldest offset that is there still, and the one that comes next."""

    def at(self, moment: datetime) -> int:
        """The offset of the first record that was taken then or later; the next one to come if there is none."""

    def seek(self, offset: int) -> None:
        """Read on from there."""

    def poll(self, seconds: float) -> list[LogRecord]:
        """The next records, a bounded number, of all videos; waits at most so long for the first."""

    def close(self) -> None:
        """Hang up; `open` may follow."""


@dataclass
class InMemoryCaptureLog:
    """The twin for tests and trials: a list of records, of which the first ones may have expired."""

    records: list[LogRecord] = field(default_factory=list)
    oldest: int = 0
    position: int = 0

    def open(self) -> None:
        return None

    def bounds(self) -> tuple[int, int]:
        return self.oldest, self._next

    @property
    def _next(self) -> int:
        return self.records[-1].offset + 1 if self.records else self.oldest

    def at(self, moment: datetime) -> int:
        return next((r.offset for r in self.records if r.taken_at >= moment and r.offset >= self.oldest), self._next)

    def seek(self, offset: int) -> None:
        self.position = offset

    def poll(self, seconds: float) -> list[LogRecord]:
        found = [r for r in self.records if r.offset >= max(self.position, self.oldest)][:AT_ONCE]
        if found:
            self.position = found[-1].offset + 1
        return found

    def close(self) -> None:
        return None
