"""Owns fetching a source over http and https into its folder: what may be dialled, and what answers mean."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from ingest.halt import Halt
from ingest.transfer import Ask, DownloadLimits, MayPassError, Transfer
from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.contracts.urls import redact_text, redact_url
from pipeline.outbound.guard import SourceGuard
from pipeline.outbound.transport import GuardedTransport

MAX_REDIRECTS = 5


class Downloader:
    """Fetches sources. Safe for threads; close it at the end."""

    def __init__(self, guard: SourceGuard, limits: DownloadLimits) -> None:
        self._client = httpx.Client(
            transport=GuardedTransport(guard),
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=limits.timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # nothing stays from one video to another
            headers={"User-Agent": "framewise", "Accept": "*/*", "Accept-Encoding": "identity"},
        )
        self._transfer = Transfer(self._client, limits)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """Write the source to `path`, whole or not at all; its SHA-256 in hexadecimal.

        Raises SourceRefused, SourceUnreachable, SourceTooLarge, DiskFull, or Halted.
        """
        shown = redact_url(url)
        ask = Ask(url, shown, lambda response: _check_status(response, shown))
        try:
            return self._transfer.bring(lambda: ask, path, halt)
        except httpx.TooManyRedirects as e:
            raise SourceRefused(f"{shown} redirects more than {MAX_REDIRECTS} times") from e
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as e:
            raise SourceRefused(f"{shown} leads to an address that is not http or https") from e
        except httpx.TransportError as e:  # of a redirect, which httpx reports as a broken answer
            raise SourceRefused(f"{shown} redirects to what is not a URL") from e
        except httpx.HTTPError as e:
            raise SourceUnreachable(f"{shown}: {redact_text(str(e))}") from e


def _check_status(response: httpx.Response, shown: str) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    said = f"{shown} answered {status} {response.reason_phrase}".rstrip()
    if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
        raise MayPassError(f"{said}; try again later")
    if status in (401, 403, 407):
        raise SourceUnreachable(f"{said}; give a URL that may be read, such as one signed or with user and password")
    if status in (404, 410):
        raise SourceUnreachable(f"{said}; check the address")
    raise SourceUnreachable(f"{said}; a file is expected with status 200")
