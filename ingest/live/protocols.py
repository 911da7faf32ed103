"""Owns sources that FFmpeg speaks to: RTMP of our own server, and RTSP and RTMP of others through a checked relay."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import SplitResult, urlsplit, urlunsplit
from uuid import UUID

from ingest.halt import Halt
from ingest.live.opening import Opening, options_of
from ingest.live.relay import Filter, Relay
from ingest.live.rtsp_replies import RtspReplies
from ingest.live.sources import StreamOver
from ingest.live.transported import forward
from pipeline.contracts.errors import SourceUnreachable
from pipeline.contracts.urls import redact_url
from pipeline.outbound.guard import STREAM_PORTS, SourceGuard, resolve
from pipeline.stores.publishers import PublisherStore

FILTERS: dict[str, Callable[[], Filter]] = {"rtsp": RtspReplies, "rtmp": lambda: bytes}
AWAY = "the publisher is away"
HOOK_SECONDS = 0.2
"""The server tells of a publisher's end a moment after its players have noticed."""


@dataclass(frozen=True)
class PublishedSource:
    """What somebody publishes to our own RTMP server. It is over when the publisher has been away for `patience`."""

    url: str
    video_id: UUID
    publishers: PublisherStore
    patience: float
    quiet_end: bool = True

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """Play it; raises StreamOver, SourceUnreachable while the publisher is away, StoreUnavailable, Halted."""
        self._check_there()
        try:
            forward(Opening("net", _numeric(self.url), options_of("rtmp")), pipe, halt, "the RTMP server")
        finally:
            halt.wait(HOOK_SECONDS)
            self._check_there()

    def _check_there(self) -> None:
        state = self.publishers.state(self.video_id)
        if state is None or state.connected:
            return
        if state.ended_at is not None and (datetime.now(UTC) - state.ended_at).total_seconds() > self.patience:
            raise StreamOver("the publisher has gone")
        raise SourceUnreachable(AWAY)


@dataclass(frozen=True)
class PulledSource:
    """A stream of another server, by RTSP (in its own connection, no UDP) or RTMP, plain or over TLS."""

    url: str
    guard: SourceGuard
    patience: float
    quiet_end: bool = False

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """Check, dial, play; raises SourceRefused, SourceUnreachable or Halted."""
        destination = self.guard.check(self.url, STREAM_PORTS)
        parts = urlsplit(self.url)
        encrypted = parts.scheme.endswith("s")
        scheme = parts.scheme.removesuffix("s")
        with Relay(destination, encrypted, FILTERS[scheme](), halt).open() as relay:
            opening = Opening("net", _through(parts, scheme, relay.port), _options(parts, scheme))
            try:
                forward(opening, pipe, halt, redact_url(self.url))
            except SourceUnreachable as e:
                raise relay.failure or e from e


def _numeric(url: str) -> str:
    """Our own server's address without a name: the child that dials it reads no file, the list of hosts neither."""
    parts = urlsplit(url)
    address = resolve(parts.hostname or "", parts.port or STREAM_PORTS["rtmp"])[0]
    host = f"[{address}]" if ":" in address else address
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port or STREAM_PORTS['rtmp']}"))


def _through(parts: SplitResult, scheme: str, port: int) -> str:
    """The address at which FFmpeg finds the relay: that of the source, with another host and port."""
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit((scheme, f"{user}{at}127.0.0.1:{port}", parts.path, parts.query, ""))


def _options(parts: SplitResult, scheme: str) -> dict[str, str]:
    """RTMP tells the server which address was meant; servers that have several sites go by it."""
    if scheme == "rtsp":
        return options_of(scheme)
    app = parts.path.strip("/").partition("/")[0]
    return options_of(scheme, rtmp_tcurl=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{app}")
