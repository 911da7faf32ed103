"""The service over twins, with videos whose digests are made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.services import Services
from ingest.indexer import Indexed, Indexer
from pipeline.contracts.results import AnalyzedFrame, TaskName
from pipeline.contracts.videos import SourceKind, Video
from tests.unit.api.conftest import client, services
from tests.unit.factories import T0, a_result, a_video, analyzed, dog

__all__ = ["client", "services"]

Seen = Callable[..., Video]


def sight(seconds: float, *labels: str, confidence: float = 0.5, task: TaskName = TaskName.OBJECTS) -> AnalyzedFrame:
    """A frame so many seconds into a video, with these labels."""
    found = [replace(dog(confidence), label=label) for label in labels]
    return replace(analyzed(UUID(int=0), int(seconds * 10) + 1, a_result(found, task)), media_time=float(seconds))


@pytest.fixture
def seen(services: Services) -> Seen:
    """Keep a video with these frames, indexed; `captured` says when a live stream's first frame was."""

    def keep(*frames: AnalyzedFrame, captured: datetime | None = None, **changes: Any) -> Video:
        if captured is not None:
            changes = {"source": SourceKind.STREAM, "source_url": "device:front"} | changes
        video = replace(a_video(created_at=changes.pop("created_at", T0)), **changes)
        services.videos.create(video)
        named = [replace(frame, video_id=video.video_id, captured_at=_at(captured, frame)) for frame in frames]
        services.results.save(named, {video.video_id: 1})
        Indexer(Indexed(services.videos, services.results, services.digests, services.search), first_seconds=0).index()
        return video

    return keep


def _at(captured: datetime | None, frame: AnalyzedFrame) -> datetime | None:
    return captured and captured + timedelta(seconds=frame.media_time)
