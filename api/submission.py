"""Owns what happens to a submission: the row, the wake-up, and the limit of what may wait."""

import logging
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

from api.requests import AnalysisOptions
from api.services import Services
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.videos import SourceKind, Video, VideoStatus


def new_video_id() -> UUID:
    """An id for a video."""
    return uuid4()


def submit(
    services: Services,
    video_id: UUID,
    options: AnalysisOptions,
    source: SourceKind,
    url: str,
    name: str,
    key_id: str | None = None,
) -> Video:
    """Keep the video as pending and wake ingest, which would find it by itself a little later."""
    now = datetime.now(UTC)
    video = Video(
        video_id=video_id,
        status=VideoStatus.PENDING,
        source=source,
        source_url=url,
        video_name=options.video_name or name,
        tasks=options.tasks(),
        sampling=options.sampling(),
        created_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
        attempt_timestamp=time.time_ns() // 1000,
        max_duration=options.max_duration,
        external_id=options.external_id,
        tags=frozenset(options.tags),
        key_id=key_id,
    )
    services.videos.create(video)
    try:
        services.publisher.wake(video_id)
    except FramewiseError as e:
        logging.getLogger(__name__).warning("video %s waits for the next look at the queue: %s", video_id, e)
    return video
