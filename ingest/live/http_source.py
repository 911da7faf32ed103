"""Owns live sources over HTTP: a camera's JPEGs, a container that never ends, or a playlist, where it is allowed."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import httpx

from ingest.download import MAX_REDIRECTS
from ingest.halt import Halt, HaltReason
from ingest.live.hls import follow
from ingest.live.jpegs import Parts, boundary_of
from ingest.live.opening import Opening
from ingest.live.packets import Packet, StreamHeader, write_header, write_packet
from ingest.live.transported import forward
from pipeline.contracts.errors import FramewiseError, SourceRefused, SourceUnreachable
from pipeline.contracts.urls import redact_text, redact_url
from pipeline.outbound.cutting import cut_at
from pipeline.outbound.guard import SourceGuard
from pipeline.outbound.transport import GuardedTransport

CONNECT_SECONDS = 10.0
STALL_SECONDS = 20.0
FOREVER = float("inf")
PLAYLISTS = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl")
NO_PLAYLISTS = "the source is a playlist (HLS); playlists are followed only with FRAMEWISE_ALLOW_HLS=true"
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class HttpSource:
    """Whatever the address answers with, told by its type. Each request goes through the guard, redirects too."""

    url: str
    guard: SourceGuard
    patience: float
    allow_hls: bool = False
    quiet_end: bool = False

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """Raises SourceRefused, SourceUnreachable, StreamOver after a playlist's end, or Halted."""
        with _client(self.guard) as client, _errors(self.url), cut_at(FOREVER, lambda: halt.is_set) as extensions:
            with client.stream("GET", self.url, extensions=extensions) as answer:
                _check(answer, self.url)
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                if not self._is_playlist(answer, kind):
                    self._forward(answer, kind, pipe, halt)
                    return
            self._follow(client, str(answer.url), pipe, halt)

    def _is_playlist(self, answer: httpx.Response, kind: str) -> bool:
        playlist = kind in PLAYLISTS or answer.url.path.endswith(".m3u8")
        if playlist and not self.allow_hls:
            raise SourceRefused(NO_PLAYLISTS)
        return playlist

    def _forward(self, answer: httpx.Response, kind: str, pipe: BinaryIO, halt: Halt) -> None:
        if kind == "multipart/x-mixed-replace":
            _pictures(answer, pipe, halt)
        elif kind.startswith(("text/", "image/")):
            raise SourceUnreachable(f"{redact_url(self.url)} answers with {kind}, which is no stream of pictures")
        else:
            with _taken_apart(pipe, halt, redact_url(self.url)) as into:
                for chunk in answer.iter_raw():
                    halt.check()
                    into.write(chunk)
                    into.flush()

    def _follow(self, client: httpx.Client, url: str, pipe: BinaryIO, halt: Halt) -> None:
        with _taken_apart(pipe, halt, redact_url(self.url)) as into:
            follow(client, url, into, halt)


def _client(guard: SourceGuard) -> httpx.Client:
    return httpx.Client(
        transport=GuardedTransport(guard),
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        timeout=httpx.Timeout(STALL_SECONDS, connect=CONNECT_SECONDS),
        headers={"User-Agent": "framewise", "Accept": "*/*", "Accept-Encoding": "identity"},
    )


@contextmanager
def _errors(url: str) -> Iterator[None]:
    """What httpx raises, as our errors."""
    shown = redact_url(url)
    try:
        yield
    except httpx.TooManyRedirects as e:
        raise SourceRefused(f"{shown} redirects more than {MAX_REDIRECTS} times") from e
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as e:
        raise SourceRefused(f"{shown} leads to an address that is not http or https") from e
    except httpx.HTTPError as e:
        raise SourceUnreachable(f"{shown}: {redact_text(str(e)) or type(e).__name__}") from e


def _check(answer: httpx.Response, url: str) -> None:
    if answer.status_code != httpx.codes.OK:
        raise SourceUnreachable(f"{redact_url(url)} answered {answer.status_code} {answer.reason_phrase}".rstrip())


def _pictures(answer: httpx.Response, pipe: BinaryIO, halt: Halt) -> None:
    """JPEGs as they come. A camera that says when it took them is believed; else it is when they arrive."""
    parts = Parts(answer.iter_raw(), boundary_of(answer.headers["Content-Type"]))
    write_header(pipe, StreamHeader("mjpeg"))
    for part in parts:
        halt.check()
        now = time.time_ns() // 1000
        stamp = now if part.stamp is None else round(part.stamp * MICROSECONDS)
        write_packet(pipe, Packet(part.jpeg, stamp, stamp, now))


@contextmanager
def _taken_apart(pipe: BinaryIO, halt: Halt, shown: str) -> Iterator[BinaryIO]:
    """Where a container's bytes go, to be taken apart by a child without network; raises why it could not."""
    reading, writing = socket.socketpair()  # a pipe whose end can be shut by another thread
    ended = Halt()
    ended.bind(lambda: not halt.is_set)
    failures: list[FramewiseError] = []

    def run() -> None:
        try:
            forward(Opening("pipe", descriptor=reading.fileno()), pipe, ended, shown)
        except FramewiseError as e:
            failures.append(e)
        finally:
            with suppress(OSError):
                reading.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=run, name="live-bytes", daemon=True)
    thread.start()
    try:
        with os.fdopen(os.dup(writing.fileno()), "wb", buffering=0) as into:
            yield into
    except BrokenPipeError:
        pass
    finally:
        with suppress(OSError):
            writing.shutdown(socket.SHUT_WR)
        thread.join(1.0)
        ended.raise_flag(HaltReason.ENDED)
        thread.join()
        reading.close()
        writing.close()
    if failures and not halt.is_set:
        raise failures[0]
