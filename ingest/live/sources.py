"""Owns what a live source is: something that writes packets to a pipe while it is connected."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol, runtime_checkable

from ingest.halt import Halt
from ingest.live.packets import Packet, StreamHeader, write_header, write_packet
from pipeline.contracts.errors import FramewiseError


class StreamOver(FramewiseError):
    """The source has ended for good: it is not dialled again. The message says how, for the log."""

    type = "stream-over"
    title = "The stream has ended"


class LiveSource(Protocol):
    """Where a live video's pictures come from.

    `patience` is how many seconds it may stay away before it is given up; `quiet_end` says whether that is how such a
    stream usually ends (a publisher has gone home) or a thing to be warned of (a camera does not answer any more).
    """

    @property
    def patience(self) -> float: ...

    @property
    def quiet_end(self) -> bool: ...

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """One connection, in a thread of its own: a header, then every packet as soon as it is there.

        Returns when the connection has ended and may be made again. Raises StreamOver when it may not; SourceRefused
        when it must not be made; another SourceError with the reason why it could not be made, or broke.
        BrokenPipeError, when nobody listens any more, and Halted may pass through. It looks at `halt` at least five
        times a second while it waits, and never keeps more than a packet to itself.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture stands that has a number and a time already.

    `position` is where the source is read on from once this picture is safe. `warning` is said of the video once.
    """

    number: int
    captured_at: datetime
    position: int
    warning: str | None = None


@runtime_checkable
class PlacingSource(LiveSource, Protocol):
    """A live source that is kept elsewhere: it can be read again from a position, and its pictures are dated.

    Read again, a picture gets the same number. `whole` says that every picture is wanted: whoever takes over begins
    where all before is safe, and the source is held back rather than that pictures are left out. It may be silent for
    `stall` seconds without being broken. Its packets' times of arrival ascend.
    """

    @property
    def whole(self) -> bool: ...

    @property
    def stall(self) -> float: ...

    def place(self, arrived_at: float) -> Place:
        """The place of the picture that arrived then, by which it is known; ask in order, from any thread."""


@dataclass
class InMemoryLiveSource:
    """The twin for tests and trials: hands over the given connections one after the other, then it is over."""

    connections: list[list[Packet | FramewiseError]]
    header: StreamHeader = field(default_factory=lambda: StreamHeader("mjpeg"))
    patience: float = 30.0
    quiet_end: bool = True
    made: int = 0
    opened_at: list[float] = field(default_factory=list)

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        self.opened_at.append(time.monotonic())
        self.made += 1
        if self.made > len(self.connections):
            raise StreamOver("there are no more connections")
        write_header(pipe, self.header)
        for item in self.connections[self.made - 1]:
            halt.check()
            if isinstance(item, FramewiseError):
                raise item
            write_packet(pipe, item)
