"""Owns bringing a file over one connection to a path, whole or not at all, under caps of bytes and time."""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from ingest.halt import Halt
from pipeline.contracts.errors import DiskFull, SourceTooLarge, SourceUnreachable
from pipeline.contracts.urls import redact_text
from pipeline.outbound.cutting import cut_at
from pipeline.stores.frames import FULL

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Bytes, and seconds: of the whole download, to connect, between two reads, before another try."""

    max_bytes: int
    total: float
    connect: float = 10.0
    stall: float = 30.0
    attempts: int = 3
    pause: float = 1.0

    @property
    def timeout(self) -> httpx.Timeout:
        """The limits of one request."""
        return httpx.Timeout(self.stall, connect=self.connect)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: the URL, how it is shown, and what raises for an answer that is not the file."""

    url: str
    shown: str
    check: Callable[[httpx.Response], None]


class MayPassError(Exception):
    """A failure that may pass; carries what is told when it does not."""


class Transfer:
    """Brings files by a client that somebody else has made and closes. Safe for threads."""

    def __init__(self, client: httpx.Client, limits: DownloadLimits) -> None:
        self._client = client
        self._limits = limits

    def bring(self, ask: Callable[[], Ask], path: Path, halt: Halt) -> str:
        """Write what `ask` names to `path`; its SHA-256 in hexadecimal. It is called anew for each try.

        Raises what the check of an answer raises, SourceUnreachable, SourceTooLarge, DiskFull, or Halted.
        """
        deadline = time.monotonic() + self._limits.total
        for attempt in range(1, self._limits.attempts + 1):
            asked = ask()
            try:
                return self._bring_once(asked, path, halt, deadline)
            except MayPassError as e:
                self._check_going_on(halt, deadline)
                if attempt == self._limits.attempts:
                    raise SourceUnreachable(str(e)) from e
                logger.info("fetching %s again: %s", asked.shown, e)
                halt.wait(self._limits.pause * attempt)
        raise AssertionError("unreachable")

    def _bring_once(self, asked: Ask, path: Path, halt: Halt, deadline: float) -> str:
        try:
            with (
                cut_at(deadline, lambda: halt.is_set) as extensions,
                self._client.stream("GET", asked.url, extensions=extensions) as response,
            ):
                asked.check(response)
                return _store(self._chunks(response, halt, deadline), path)
        except httpx.TransportError as e:
            if isinstance(e, httpx.UnsupportedProtocol) or isinstance(e.__context__, httpx.InvalidURL):
                raise  # of a redirect, to what cannot be asked at all
            raise MayPassError(f"{asked.shown}: {_cause(e)}") from e

    def _chunks(self, response: httpx.Response, halt: Halt, deadline: float) -> Iterator[bytes]:
        self._check_size(int(response.headers.get("Content-Length") or 0))
        size = 0
        for chunk in response.iter_bytes():
            self._check_going_on(halt, deadline)
            size += len(chunk)
            self._check_size(size)
            yield chunk
        self._check_going_on(halt, deadline)  # a connection that was cut looks like the end of the file

    def _check_going_on(self, halt: Halt, deadline: float) -> None:
        halt.check()
        if time.monotonic() > deadline:
            raise SourceUnreachable(
                f"the download takes longer than {self._limits.total:g} s; the cap is FRAMEWISE_DOWNLOAD_TIMEOUT"
            )

    def _check_size(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise SourceTooLarge(
                f"the source has more than {self._limits.max_bytes} bytes; the cap is FRAMEWISE_MAX_DOWNLOAD_BYTES"
            )


def _store(chunks: Iterator[bytes], path: Path) -> str:
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as e:
        if e.errno in FULL:
            raise DiskFull("no space left for the source; free some and submit the video again") from e
        raise
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def _cause(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time" if isinstance(error, httpx.ConnectTimeout) else "the transfer stalled"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection ended before the whole file was there"
    return redact_text(str(error)) or type(error).__name__
