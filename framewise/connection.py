"""Owns the requests: the address, the key, retries, and errors instead of refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from framewise.errors import Unreachable, refusal, retry_after
from framewise.retries import RETRIED, Retries

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT = httpx.Timeout(60, connect=5)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Build = Callable[[], httpx.Request]


class Connection:
    """A service at an address. `transport` replaces the network, as httpx's own do in tests."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        key: str | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = _checked(url)
        self.retries = retries or Retries()
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout,
            transport=transport,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def json(self, method: str, path: str, **request: Any) -> Any:
        """The body of an answer, None of an empty one. Raises Refused and Unreachable."""
        with self.stream(method, path, **request) as answer:
            body = self._read(answer)
        return None if not body else _parsed(answer)

    def content(self, path: str, **request: Any) -> bytes:
        """The bytes of an answer."""
        with self.stream("GET", path, **request) as answer:
            return self._read(answer)

    @contextmanager
    def stream(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        """An answer of which only the head has been read. Raises Refused and Unreachable."""
        answer = self._answer(lambda: self._http.build_request(method, path, **_without_none(request)))
        try:
            yield answer
        except httpx.TransportError as e:
            raise self._unreachable(e) from e
        finally:
            answer.close()

    def _answer(self, build: Build) -> httpx.Response:
        waited, tried = 0.0, 0
        while True:
            answer, tried = self._send(build()), tried + 1
            if answer.is_success:
                return answer
            self._read(answer)
            pause = self.retries.pause(tried, waited, retry_after(answer)) if answer.status_code in RETRIED else None
            if pause is None:
                raise refusal(answer)
            self.retries.sleep(pause)
            waited += pause

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request, stream=True)
        except httpx.TransportError as e:
            raise self._unreachable(e) from e

    def _read(self, answer: httpx.Response) -> bytes:
        try:
            return answer.read()
        except httpx.TransportError as e:
            raise self._unreachable(e) from e
        finally:
            answer.close()

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        reason = str(error) or type(error).__name__
        return Unreachable(f"{self.url} does not answer ({reason}); is the service running there?")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the service's address must look like {DEFAULT_URL}, not {url!r}")
    return url.rstrip("/")


def _parsed(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as e:
        raise Unreachable(f"{answer.request.url} answers, but not as a Framewise service; is the address right?") from e


def _without_none(request: dict[str, Any]) -> dict[str, Any]:
    """Leave out parameters and headers that were not given."""
    return {
        name: {k: v for k, v in value.items() if v is not None} if name in ("params", "headers") and value else value
        for name, value in request.items()
    }
