"""Owns the reading of server-sent events (the WHATWG's HTML standard, 9.2) from chunks of bytes."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from framewise.answers import Event
from framewise.errors import Unreachable

MOST_BYTES = 16 * 2**20


@dataclass
class _Draft:
    """The fields of an event that is not complete yet."""

    id: str | None = None
    type: str = "message"
    data: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.type = value
        elif name == "id" and "\0" not in value:
            self.id = value

    def event(self) -> Event | None:
        return Event(id=self.id, type=self.type, data=json.loads("\n".join(self.data))) if self.data else None


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a stream; comments are left out, as is an event that the end of the stream cuts."""
    draft = _Draft()
    for line in _lines(chunks):
        if line:
            draft.take(line)
            continue
        event = draft.event()
        if event is not None:
            yield event
        draft = _Draft()


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines that end with LF or CR LF, and no other of the line ends that Python knows: names may hold those."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        if len(held) > MOST_BYTES:
            raise Unreachable("the stream of events has a line without end")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
