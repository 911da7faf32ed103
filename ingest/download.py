"""Owns fetching a source over http and https into its folder, under caps."""

import errno
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from ingest.halt import Halt
from pipeline.contracts.errors import DiskFull, SourceRefused, SourceTooLarge, SourceUnreachable
from pipeline.contracts.urls import redact_text, redact_url
from pipeline.outbound.cutting import cut_at
from pipeline.outbound.guard import SourceGuard
from pipeline.outbound.transport import GuardedTransport

MAX_REDIRECTS = 5
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


class _MayPassError(Exception):
    """A failure that may pass; carries what is told when it does not."""


class Downloader:
    """Fetches sources. Safe for threads; close it at the end."""

    def __init__(self, guard: SourceGuard, limits: DownloadLimits) -> None:
        self._limits = limits
        self._client = httpx.Client(
            transport=GuardedTransport(guard),
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=httpx.Timeout(limits.stall, connect=limits.connect),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # nothing stays from one video to another
            headers={"User-Agent": "framewise", "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """Write the source to `path`, whole or not at all; its SHA-256 in hexadecimal.

        Raises SourceRefused, SourceUnreachable, SourceTooLarge, DiskFull, or Halted.
        """
        deadline = time.monotonic() + self._limits.total
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return self._fetch_once(url, path, halt, deadline)
            except _MayPassError as e:
                self._check_going_on(halt, deadline)
                if attempt == self._limits.attempts:
                    raise SourceUnreachable(str(e)) from e
                logger.info("fetching %s again: %s", redact_url(url), e)
                halt.wait(self._limits.pause * attempt)
        raise AssertionError("unreachable")

    def _fetch_once(self, url: str, path: Path, halt: Halt, deadline: float) -> str:
        try:
            with (
                cut_at(deadline, lambda: halt.is_set) as extensions,
                self._client.stream("GET", url, extensions=extensions) as response,
            ):
                _check_status(response, url)
                return _store(self._chunks(response, halt, deadline), path)
        except httpx.TooManyRedirects as e:
            raise SourceRefused(f"{redact_url(url)} redirects more than {MAX_REDIRECTS} times") from e
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as e:
            raise SourceRefused(f"{redact_url(url)} leads to an address that is not http or https") from e
        except httpx.TransportError as e:
            if isinstance(e.__context__, httpx.InvalidURL):  # of a redirect, which httpx reports as a broken answer
                raise SourceRefused(f"{redact_url(url)} redirects to what is not a URL") from e
            raise _MayPassError(f"{redact_url(url)}: {_cause(e)}") from e
        except httpx.HTTPError as e:
            raise SourceUnreachable(f"{redact_url(url)}: {redact_text(str(e))}") from e

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


def _check_status(response: httpx.Response, url: str) -> None:
    status, shown = response.status_code, redact_url(url)
    if status == httpx.codes.OK:
        return
    said = f"{shown} answered {status} {response.reason_phrase}".rstrip()
    if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
        raise _MayPassError(f"{said}; try again later")
    if status in (401, 403, 407):
        raise SourceUnreachable(f"{said}; give a URL that may be read, such as one signed or with user and password")
    if status in (404, 410):
        raise SourceUnreachable(f"{said}; check the address")
    raise SourceUnreachable(f"{said}; a file is expected with status 200")


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
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
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
