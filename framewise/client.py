"""Owns the client: everything that the service offers, over one connection."""

from types import TracebackType
from typing import Self

import httpx

from framewise.connection import DEFAULT_URL, TIMEOUT, Connection
from framewise.control import Control
from framewise.following import Following
from framewise.forgetting import Forgetting
from framewise.people import Knowing
from framewise.reading import Reading
from framewise.retries import Retries
from framewise.submissions import Submissions
from framewise.system import Observing
from framewise.tracks import Tracking


class Client(Submissions, Following, Reading, Control, Observing, Forgetting, Knowing, Tracking):
    """A Framewise service; close it, or use it as a context manager. It may be shared by threads.

    `key` is an API key (`fw_…`), needed where the service asks for one. Answers 429 and 503 are tried again within
    `retries`; what is refused raises Refused, what does not answer Unreachable.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(url, key, timeout, retries, transport)

    @property
    def url(self) -> str:
        """The service's address."""
        return self._connection.url

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
