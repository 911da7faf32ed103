"""Owns looking at one video for all who listen to it in this process."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from pipeline.contracts.errors import StoreError

POLL_SECONDS = 2.0
"""How often a video is looked at when nobody rings."""
NEAR_SECONDS = 0.25
"""How often when it is about to end."""
LEAST_SECONDS = 0.05
KEPT_PREVIEWS = 100
KEPT_READS = 8
T = TypeVar("T")

log = logging.getLogger(__name__)


class Seen(Protocol):
    """What a look has seen, as far as a watch has to know."""

    @property
    def at_the_end(self) -> bool:
        """Whether the video is about to end."""


class Listener:
    """What one stream waits for: `news` is set when there is something to do, `previews` holds the newest."""

    def __init__(self, previews: bool) -> None:
        self.news = asyncio.Event()
        self.previews: deque[bytes] | None = deque(maxlen=KEPT_PREVIEWS) if previews else None

    def hear(self, preview: bytes) -> None:
        """Keep a preview, if previews are wanted; the oldest goes when there are too many."""
        if self.previews is not None and preview:
            self.previews.append(preview)

    def taken(self) -> bytes:
        """The previews, which are forgotten."""
        found = b"".join(self.previews or ())
        if self.previews:
            self.previews.clear()
        return found


class Watch:
    """Looks at one video again and again while it has listeners: when rung for, and every so often by itself."""

    def __init__(self, look: Callable[[], Seen], pool: ThreadPoolExecutor) -> None:
        self._take = look
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._failing = False
        self._reads: dict[Hashable, asyncio.Future[Any]] = {}
        self.seen: Seen | None = None
        self.listeners: set[Listener] = set()
        self.task = self._loop.create_task(self._run())

    @property
    def wants_previews(self) -> bool:
        """Whether anybody does; may be asked from any thread."""
        return any(listener.previews is not None for listener in tuple(self.listeners))

    def ring(self, previews: list[bytes]) -> None:
        """Something has happened; from any thread."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._hear, previews)

    def _hear(self, previews: list[bytes]) -> None:
        self._rung.set()
        for listener in self.listeners:
            for preview in previews:
                listener.hear(preview)
        if previews:
            self.tell()

    def tell(self) -> None:
        """Wake every listener."""
        for listener in self.listeners:
            listener.news.set()

    def read(self, key: Hashable, read: Callable[[], T]) -> asyncio.Future[T]:
        """What is read, by another thread; those who ask for the same soon after each other get the same."""
        known = self._reads.get(key)
        if known is None or (known.done() and known.exception() is not None):
            known = self._reads[key] = self._loop.run_in_executor(self._pool, read)
            if len(self._reads) > KEPT_READS:
                del self._reads[next(iter(self._reads))]
        return known

    async def _run(self) -> None:
        while True:
            self._rung.clear()
            began = self._loop.time()
            await self._look()
            self.tell()
            await asyncio.sleep(max(LEAST_SECONDS, self._loop.time() - began))
            near = self.seen is not None and self.seen.at_the_end
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), NEAR_SECONDS if near else POLL_SECONDS)

    async def _look(self) -> None:
        try:
            self.seen = await self._loop.run_in_executor(self._pool, self._take)
        except StoreError as e:
            if not self._failing:
                log.warning("events wait for the store: %s", e)
            self._failing = True
        except Exception:
            if not self._failing:
                log.exception("an error while looking at a video")
            self._failing = True
        else:
            self._failing = False
