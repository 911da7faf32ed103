"""A video that is analysed in twins, and a client that listens to its events."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.events.answers import preview_events
from api.events.cursor import EventPlace, parse_id
from api.events.hub import EventHub
from api.events.stream import EventStream
from api.services import Services
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import AnalyzedFrame, TaskName
from pipeline.contracts.settings import ApiSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.codecs import encode_outcome
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.models import InMemoryModelStore
from pipeline.stores.rows import ResultQuery
from tests.unit.factories import a_result, a_video, analyzed, dog

LONG_AGO = timedelta(minutes=1)
TASKS = (TaskName.FACES, TaskName.OBJECTS)


def some_services(hub: EventHub) -> Services:
    """Services over twins."""
    return Services(
        ApiSettings(),
        InMemoryVideoStore(),
        InMemoryResultStore(),
        InMemoryFrameStore(),
        InMemoryModelStore(),
        InMemoryPublisher(),
        Path("/nowhere"),
        events=hub,
    )


@dataclass(frozen=True)
class Event:
    """An event as a client reads it."""

    kind: str
    data: dict[str, Any]
    id: str | None = None


def parsed(text: str) -> list[Event]:
    """The events of a piece of a stream; comments are passed over."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append(Event(fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


@dataclass
class World:
    """One video and its analysis."""

    services: Services
    video: Video = field(default_factory=lambda: a_video(uuid4(), VideoStatus.PROCESSING))

    def __post_init__(self) -> None:
        self.services.videos.create(self.video)

    def sample(self, *numbers: int) -> None:
        """Ingest has written that these are the sampled frames so far."""
        for bucket in sorted({bucket_of(n) for n in numbers}):
            within = [n for n in numbers if bucket_of(n) == bucket]
            self.services.videos.save_sampled(self.video.video_id, bucket, within)

    def finish(self, *numbers: int, fails: bool = False) -> None:
        """Frames have their outcomes."""
        frames = [self._outcome(n, fails) for n in numbers]
        self.services.results.save(frames, {self.video.video_id: self.video.attempt_timestamp})
        self.ring(*frames)

    def ring(self, *frames: AnalyzedFrame) -> None:
        """What the topic says."""
        records = [(frame.video_id.bytes, encode_outcome(frame)) for frame in frames]
        self.services.events.ring(records or [(self.video.video_id.bytes, None)], preview_events)

    def _outcome(self, number: int, fails: bool) -> AnalyzedFrame:
        results = [a_result([dog()], task, "it broke" if fails else None) for task in TASKS]
        return analyzed(self.video.video_id, number, *results, attempt=self.video.attempt)

    def become(self, status: VideoStatus) -> None:
        """The video is in this state since long."""
        ended = datetime.now(UTC) - LONG_AGO if status.terminal else None
        self._set(replace(self.video, status=status, finished_at=ended))

    def retry(self) -> None:
        """Another attempt: what failed is forgotten, and tried again."""
        known = self.services.results
        assert isinstance(known, InMemoryResultStore)
        for (video_id, place), row in list(known._rows.items()):
            if row.error:
                del known._rows[video_id, place]
                known._ledger.pop((video_id, place.frame_number), None)
        later = self.video.attempt_timestamp + 1_000_000
        attempt = self.video.attempt + 1
        self._set(
            replace(
                self.video,
                status=VideoStatus.PROCESSING,
                attempt=attempt,
                attempt_timestamp=later,
                finished_at=None,
            )
        )

    def _set(self, video: Video) -> None:
        self.video = video
        store = self.services.videos
        assert isinstance(store, InMemoryVideoStore)
        store._videos[video.video_id] = video
        self.ring()

    def delete(self) -> None:
        """The video is not there any more."""
        store = self.services.videos
        assert isinstance(store, InMemoryVideoStore)
        del store._videos[self.video.video_id]
        self.ring()

    def stored(self) -> set[tuple[int, str]]:
        """The rows that stand."""
        page = self.services.results.page(self.video.video_id, ResultQuery(), 10_000)
        return {(row.frame_number, row.task.value) for row in page.rows}

    async def listen(self, last_id: str | None, previews: bool = False) -> AsyncGenerator[Event, None]:
        """What a client is sent that has received the events up to an id."""
        place = parse_id(last_id, self.video) if last_id else EventPlace()
        stream = EventStream(self.services, self.video, place, previews)
        async with aclosing(stream.chunks()) as chunks:
            async for chunk in chunks:
                for event in parsed(chunk.decode()):
                    yield event

    async def hear(self, last_id: str | None, most: int = 10**6, patience: float = 0.2) -> list[Event]:
        """At most so many events, until none comes for a while or the stream ends."""
        found: list[Event] = []
        listening = self.listen(last_id)
        async with aclosing(listening) as events:
            while len(found) < most:
                try:
                    found.append(await asyncio.wait_for(anext(events), patience))
                except (TimeoutError, StopAsyncIteration):
                    break
        return found
