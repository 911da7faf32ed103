"""Owns what a source of pictures is: something that hands over frames with their capture time while it is connected."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from inference.arrays import Image
from pipeline.contracts.errors import FramewiseError


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame, upright, and when it was captured (UTC)."""

    image: Image
    captured_at: datetime


class Source(Protocol):
    """Where frames come from. `name` is for people and hides passwords; `lasting` sources are dialled again."""

    name: str
    lasting: bool

    def frames(self, halt: Event) -> Iterator[Captured]:
        """One connection: its frames in the order of their capture, until it ends or `halt` is set.

        Raises SourceUnreachable, with the reason, when there is no connection, and MediaError for what is no video.
        It looks at `halt` at least once a second, and keeps no more than a frame to itself.
        """


@dataclass
class InMemorySource:
    """The twin for tests: hands over the given connections, one a call, then it is over."""

    connections: list[list[Captured | FramewiseError]]
    name: str = "memory"
    lasting: bool = False
    dialled: int = field(default=0)

    def frames(self, halt: Event) -> Iterator[Captured]:
        self.dialled += 1
        for item in self.connections[self.dialled - 1]:
            if halt.is_set():
                return
            if isinstance(item, FramewiseError):
                raise item
            yield item


@dataclass
class Thinning:
    """Lets so many frames a second through at most, evenly by their capture time; all of them without a rate."""

    rate: float | None
    _due: datetime | None = None

    def wants(self, captured_at: datetime) -> bool:
        """Whether this frame is taken. A tenth of the interval is forgiven, since clocks jitter."""
        if self.rate is None:
            return True
        step = timedelta(seconds=1 / self.rate)
        ahead = None if self._due is None else self._due - captured_at
        if ahead is not None and step / 10 < ahead < step * 10:
            return False
        on_time = self._due is not None and ahead is not None and abs(ahead) <= step
        self._due = (self._due if on_time and self._due else captured_at) + step
        return True
