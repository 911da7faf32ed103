"""Owns one stream of events: what a client has received so far, and what comes next for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from api.events.answers import OPENING, PING, StateAnswer, result_events, state_event
from api.events.cursor import EventPlace, Stage, row_place, stage_of, state_place
from api.events.hub import EventHub
from api.events.look import Look, Lookout
from api.services import Services
from pipeline.contracts.errors import StoreError
from pipeline.contracts.frames import MAX_FRAME_NUMBER
from pipeline.contracts.videos import Video
from pipeline.stores.rows import RowPlace, WrittenRow

HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
ROWS_AT_ONCE = 200
FIRST_ROW = RowPlace(0, "")
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    """Events, the last one's place, and where reading goes on; `more` when there was more to read."""

    events: bytes
    place: EventPlace | None
    read_to: RowPlace
    more: bool


class EventStream:
    """The events of one video behind a place, as bytes, until the video has ended or is deleted.

    Never more than a page of rows is read ahead of the client.
    """

    def __init__(self, services: Services, video: Video, place: EventPlace, previews: bool) -> None:
        self._services = services
        self._hub: EventHub = services.events
        self._video = video
        self._place = place
        self._read_to = FIRST_ROW
        self._previews = previews
        self._said: StateAnswer | None = None
        self._over = False
        self._read_shared: Callable[[Hashable, Callable[[], _Page]], asyncio.Future[_Page]]

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """What is sent; ends when the service stops."""
        yield OPENING
        lookout = Lookout(self._services, self._video)
        with self._hub.listen(self._video.video_id, lookout.look, self._previews) as (watch, listener):
            self._read_shared = watch.read
            while not self._stopping():
                listener.news.clear()
                if isinstance(watch.seen, Look):
                    async with aclosing(self._after(watch.seen)) as events:
                        async for chunk in events:
                            yield listener.taken() + chunk
                            if self._stopping():
                                return
                if previews := listener.taken():
                    yield previews
                if self._over:
                    return
                if not await _happens(listener.news, HEARTBEAT_SECONDS):
                    yield PING

    def _stopping(self) -> bool:
        return self._hub.stopped

    async def _after(self, look: Look) -> AsyncGenerator[bytes, None]:
        """The events that a look allows."""
        if look.video is None:
            yield state_event(look.state)
            self._over = True
            return
        try:
            async with aclosing(self._rows_and_states(look, look.video)) as events:
                async for chunk in events:
                    yield chunk
        except StoreError as e:
            log.debug("video %s: events wait: %s", self._video.video_id, e)
            await asyncio.sleep(RETRY_SECONDS)

    async def _rows_and_states(self, look: Look, video: Video) -> AsyncGenerator[bytes, None]:
        if self._place.attempt_timestamp < video.attempt_timestamp:
            async for chunk in self._earlier_attempts(video):
                yield chunk
            self._begin(video)
        if not look.complete and not video.status.terminal:
            for chunk in self._news_of(look.state, video):
                yield chunk
        if video.status.terminal or stage_of(video.status) is Stage.PROCESSING:
            async for chunk in self._rows(video.attempt_timestamp, look.frame_to):
                yield chunk
        if look.complete:
            self._over = True
            if self._place < state_place(video):
                self._place = state_place(video)
                yield state_event(look.state, self._place)

    def _begin(self, video: Video) -> None:
        self._place, self._read_to = EventPlace(video.attempt_timestamp), FIRST_ROW

    def _news_of(self, state: StateAnswer, video: Video) -> list[bytes]:
        """The state if it is a new one, with its id; without one if only the counts are."""
        place = state_place(video)
        if self._place < place:
            self._place = place
            self._said = state
            return [state_event(state, place)]
        if state == self._said:
            return []
        self._said = state
        return [state_event(state)]

    async def _earlier_attempts(self, video: Video) -> AsyncGenerator[bytes, None]:
        """The rows that stand from attempts before this one and were not received, attempt by attempt."""
        if video.attempt == 1:
            return
        attempts: set[int] = set()
        reading = asyncio.get_running_loop().run_in_executor(self._hub.pool, self._attempts, video)
        async for found in self._asked(reading):
            if isinstance(found, bytes):
                yield found
            else:
                attempts = found
        for attempt in sorted(attempts):
            if self._place.attempt_timestamp < attempt:
                self._place, self._read_to = EventPlace(attempt), FIRST_ROW
            async for chunk in self._rows(attempt, MAX_FRAME_NUMBER):
                yield chunk

    def _attempts(self, video: Video) -> set[int]:
        """The attempts before this one that have rows which may be missing."""
        found: set[int] = set()
        rows, at = self._read(FIRST_ROW, MAX_FRAME_NUMBER)
        while rows:
            found |= {written.attempt_timestamp for written in rows}
            rows, at = self._read(at, MAX_FRAME_NUMBER)
        return {attempt for attempt in found if self._place.attempt_timestamp <= attempt < video.attempt_timestamp}

    def _read(self, after: RowPlace, frame_to: int) -> tuple[tuple[WrittenRow, ...], RowPlace]:
        rows = self._services.results.written(self._video.video_id, after, frame_to, ROWS_AT_ONCE)
        return rows, (RowPlace(rows[-1].row.frame_number, rows[-1].row.task) if rows else after)

    async def _rows(self, attempt: int, frame_to: int) -> AsyncGenerator[bytes, None]:
        """The rows of an attempt behind the place."""
        if self._place.stage is Stage.ENDED:
            return
        more = True
        while more:
            after = max(self._read_to, self._place.row)
            reading = self._read_shared((attempt, after, frame_to), partial(self._page, attempt, after, frame_to))
            async for page in self._asked(reading):
                if isinstance(page, bytes):
                    yield page
                    continue
                more = page.more
                self._read_to = page.read_to
                if page.place is not None:
                    self._place = page.place
                    yield page.events

    def _page(self, attempt: int, after: RowPlace, frame_to: int) -> _Page:
        rows, read_to = self._read(after, frame_to)
        own = [written for written in rows if written.attempt_timestamp == attempt]
        place = row_place(own[-1]) if own else None
        return _Page(result_events(own), place, read_to, len(rows) == ROWS_AT_ONCE)

    async def _asked(self, reading: asyncio.Future[T]) -> AsyncGenerator[T | bytes, None]:
        """What is read by another thread; pings while that takes long. Raises StoreError."""
        while not (await asyncio.wait({reading}, timeout=HEARTBEAT_SECONDS))[0]:
            yield PING
        yield reading.result()


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
