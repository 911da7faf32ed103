"""Owns who listens to which video in this process: one watch a video, however many streams there are of it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pipeline import metrics
from pipeline.contracts.errors import StoreError, TooManyRequests

POLL_SECONDS = 2.0
"""How often a video is looked at when nobody rings."""
NEAR_SECONDS = 0.25
"""How often when it is about to end."""
LEAST_SECONDS = 0.05
READERS = 8
KEPT_PREVIEWS = 100
KEPT_READS = 8
RETRY_AFTER_SECONDS = 5
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
        else:
            self._failing = False


class EventHub:
    """The watches and the threads that read for them, apart from those of other requests."""

    def __init__(self, max_streams: int = 200) -> None:
        self._max_streams = max_streams
        self._watches: dict[UUID, Watch] = {}
        self._streams = 0
        self._stopped = False
        self._told: set[asyncio.Event] = set()
        self.pool = ThreadPoolExecutor(READERS, thread_name_prefix="events")

    @property
    def stopped(self) -> bool:
        """Whether every stream is to end."""
        return self._stopped

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._streams

    def enter(self) -> None:
        """Count one stream more, until `leave`; raises TooManyRequests."""
        if self._streams >= self._max_streams:
            raise TooManyRequests(
                f"{self._max_streams} streams of events are open, the most that this service holds; close some, try "
                "again later, or raise FRAMEWISE_MAX_EVENT_STREAMS",
                RETRY_AFTER_SECONDS,
            )
        self._streams += 1
        metrics.EVENT_STREAMS.inc()

    def leave(self) -> None:
        """A stream has ended."""
        self._streams -= 1
        metrics.EVENT_STREAMS.dec()

    @contextmanager
    def listen(self, video_id: UUID, look: Callable[[], Seen], previews: bool) -> Iterator[tuple[Watch, Listener]]:
        """Watch a video together with whoever does already; in an event loop."""
        watch = self._watches.get(video_id)
        if watch is None:
            watch = self._watches[video_id] = Watch(look, self.pool)
        listener = Listener(previews)
        watch.listeners.add(listener)
        try:
            yield watch, listener
        finally:
            watch.listeners.discard(listener)
            if not watch.listeners:
                watch.task.cancel()
                if self._watches.get(video_id) is watch:
                    del self._watches[video_id]

    async def wait_for_stop(self) -> None:
        """Return once every stream is to end."""
        told = asyncio.Event()
        self._told.add(told)
        try:
            if not self._stopped:
                await told.wait()
        finally:
            self._told.discard(told)

    def ring(self, records: Iterable[tuple[bytes | None, bytes | None]], preview: Callable[[bytes], bytes]) -> None:
        """Records of the topic `results`, keys and values; from any thread. What is no video's is passed over."""
        rung: dict[Watch, list[bytes]] = {}
        for key, value in records:
            watch = self._watches.get(UUID(bytes=key)) if key is not None and len(key) == 16 else None
            if watch is not None:
                previews = rung.setdefault(watch, [])
                if value and watch.wants_previews:
                    previews.append(preview(value))
        for watch, previews in rung.items():
            watch.ring(previews[-KEPT_PREVIEWS:])

    def stop(self) -> None:
        """End every stream; in their event loop."""
        self._stopped = True
        for told in self._told:
            told.set()
        for watch in self._watches.values():
            watch.tell()

    def close(self) -> None:
        """Give back the threads; those that still wait for a store are not waited for."""
        self.pool.shutdown(wait=False, cancel_futures=True)
