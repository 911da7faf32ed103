"""Owns what is asked of the RTMP server, whichever it is: who publishes now, and to end that; and its twin."""

import threading
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.contracts.errors import RtmpUnavailable


@dataclass(frozen=True, slots=True)
class Publishing:
    """A stream that somebody publishes: the session, as the server names it, and the bytes that came so far."""

    name: str
    session: str
    bytes_in: int


class RtmpServer(Protocol):
    """The server that people publish to. A server that does not run has no publishers: that is no error."""

    def published(self) -> dict[str, Publishing]:
        """The streams that are published now, by name; raises RtmpUnavailable when it hangs."""

    def drop(self, name: str) -> None:
        """End whoever publishes a stream, if anybody does; raises RtmpUnavailable when it hangs."""

    def check(self) -> str:
        """A word on its state; raises RtmpUnavailable, which says what to do, when nobody can publish."""


@dataclass
class InMemoryRtmpServer:
    """The twin for tests and trials: `publish` and `send` are what people do."""

    missing: str = ""
    dropped: list[str] = field(default_factory=list)
    _streams: dict[str, Publishing] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, name: str, session: str) -> None:
        """Somebody begins."""
        with self._lock:
            self._streams[name] = Publishing(name, session, 0)

    def send(self, name: str, count: int) -> None:
        """Bytes come."""
        with self._lock:
            now = self._streams[name]
            self._streams[name] = Publishing(name, now.session, now.bytes_in + count)

    def published(self) -> dict[str, Publishing]:
        with self._lock:
            return dict(self._streams)

    def drop(self, name: str) -> None:
        with self._lock:
            if self._streams.pop(name, None) is not None:
                self.dropped.append(name)

    def check(self) -> str:
        if self.missing:
            raise RtmpUnavailable(self.missing)
        return f"{len(self._streams)} streams"
