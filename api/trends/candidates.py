"""Owns which videos may have something to count: those that the search index names, and streams that still run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from api.caller import Caller
from api.services import Services
from api.trends.question import InsightsParams
from api.trends.steps import Span
from pipeline.contracts.urls import redact_url
from pipeline.contracts.videos import SourceKind, Video
from pipeline.digests.colors import cell_of
from pipeline.stores.search import SearchEntry

LOOK_BACK = timedelta(days=7)
"""So long before the span a video may have begun that has ended since; those that run may have begun at any time."""
MOST_ENTRIES = 20_000


def camera_of(video: Video) -> str | None:
    """What to call the camera of a live stream: its address without what opens doors, or the name it was given."""
    if not video.live:
        return None
    return video.video_name if video.source is SourceKind.RTMP else redact_url(video.source_url)


@dataclass(slots=True)
class Candidates:
    """The videos of one question, newest first; iterate once.

    Afterwards `before` says that videos which were submitted before it were not looked at; None when all were.
    """

    services: Services
    caller: Caller
    params: InsightsParams
    span: Span
    before: datetime | None = None
    _seen: set[UUID] = field(default_factory=set)

    def __iter__(self) -> Iterator[Video]:
        for video_id in self._ids():
            if video_id not in self._seen:
                self._seen.add(video_id)
                video = self.services.videos.get(video_id)
                if video is not None and self._wanted(video):
                    yield video

    def _ids(self) -> Iterator[UUID]:
        if self.params.video_id is not None:
            yield from self.params.video_id
            return
        yield from (entry.video_id for entry in self.services.queue.queue().entries)
        labels = self.params.label or []
        names: set[str | None] = {*labels, *map(cell_of, labels)}
        for name in names or {None}:
            yield from self._indexed(name)

    def _indexed(self, name: str | None) -> Iterator[UUID]:
        entries = self.services.search.find(name, self.span.start - LOOK_BACK, self.span.end)
        for entry in islice(entries, MOST_ENTRIES):
            if self._matches(entry):
                yield entry.video_id
        if (further := next(entries, None)) is not None:
            self.before = max(further.created_at, self.before or further.created_at)

    def _matches(self, entry: SearchEntry) -> bool:
        asked = self.params
        return (
            entry.task in asked.tasks
            and (asked.model is None or entry.model == asked.model)
            and (asked.min_confidence is None or entry.max_confidence >= asked.min_confidence)
        )

    def _wanted(self, video: Video) -> bool:
        asked = self.params
        return (
            self.caller.may_see(video)
            and (asked.tag is None or asked.tag in video.tags)
            and (asked.live is None or asked.live == video.live)
        )
