"""Owns who listens to which video in this process: one watch a video, however many streams there are of it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from api.events.watch import KEPT_PREVIEWS, Listener, Seen, Watch
from pipeline.contracts.errors import TooManyRequests
from pipeline.observing import metrics

READERS = 8
RETRY_AFTER_SECONDS = 5


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
