"""Owns what becomes of a submission: one video for each key that a client made up, its row, and the wake-up."""

import hashlib
import json
import logging
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from api.origin import Origin
from api.requests import AnalysisOptions, LiveOptions, VideoOptions
from api.services import Services
from api.webhooks.plan import follow
from pipeline.contracts.errors import Conflict, FramewiseError
from pipeline.contracts.tracks import FOLLOWED
from pipeline.contracts.videos import KeepFrames, SourceKind, Video, VideoStatus
from pipeline.deleting import delete
from pipeline.stores.submissions import Claim


class VideoGone(Conflict):
    """A key whose video was deleted."""

    type = "video-deleted"
    title = "The video of this key was deleted"


def fingerprint_of(way: str, body: BaseModel, *more: str) -> str:
    """What was asked, as a digest: the way in, the body, however its names were written, and what else counts."""
    asked = [way, body.model_dump(mode="json"), *more]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def earlier(services: Services, origin: Origin, fingerprint: str) -> Video | None:
    """The video that this key has made before; None for a new key, or none.

    Raises RequestValidationError when the key was used for something else, VideoGone when its video was deleted.
    """
    claim = services.submissions.find(origin.key) if origin.key is not None else None
    return services.videos.get(_claimed(services, claim, fingerprint)) if claim is not None else None


def claim_id(services: Services, origin: Origin, fingerprint: str) -> UUID:
    """The id for the video of a submission: of all who come with one key, each gets the same. Raises as `earlier`."""
    wanted = Claim(uuid4(), fingerprint)
    claim = services.submissions.claim(origin.key, wanted) if origin.key is not None else wanted
    return _claimed(services, claim, fingerprint)


def _claimed(services: Services, claim: Claim, fingerprint: str) -> UUID:
    video_id = claim.video_id
    if video_id is None or services.deletions.get(video_id) is not None:
        raise VideoGone("the video that this Idempotency-Key made was deleted; send another key to submit it again")
    if claim.fingerprint != fingerprint:
        raise RequestValidationError(
            [
                {
                    "loc": ("header", "Idempotency-Key"),
                    "msg": "was used for another request; send a new key",
                    "type": "key",
                }
            ]
        )
    return video_id


def new_video(
    video_id: UUID, options: AnalysisOptions, origin: Origin, source: SourceKind, url: str, name: str
) -> Video:
    """A video that waits."""
    now = datetime.now(UTC)
    return Video(
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
        callback_url=options.callback_url,
        store_frames=options.store_frames,
        keep=options.keep if isinstance(options, LiveOptions) else KeepFrames.NEWEST,
        key_id=origin.key_id,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
    )


def submit(services: Services, video: Video, options: VideoOptions) -> Video:
    """Keep a video and wake ingest, which would find it by itself a little later; the video as it is kept.

    Another who came with the same key may have kept it already, or died before. Raises VideoGone when it was deleted
    meanwhile.
    """
    follow(services, video)
    if regions := options.regions():
        services.regions.save(video.video_id, regions)
    owe_tracks(services, video)
    try:
        services.videos.create(video)
    except Conflict:
        video = services.videos.get(video.video_id) or video
    if services.deletions.get(video.video_id) is not None:
        delete(services.stores, services.deletions, video.video_id)
        raise VideoGone(f"video {video.video_id} was deleted; send another Idempotency-Key to submit it again")
    wake(services, video.video_id)
    return video


def owe_tracks(services: Services, video: Video) -> None:
    """List a video as one whose tracks are to be made; comes before it is kept, and before it is tried again."""
    if any(task.name in FOLLOWED for task in video.tasks):
        services.tracks.owe(video.video_id)


def wake(services: Services, video_id: UUID) -> None:
    """Tell ingest that a video waits; without a broker it finds it a little later."""
    try:
        services.publisher.wake(video_id)
    except FramewiseError as e:
        logging.getLogger(__name__).warning("video %s waits for the next look at the queue: %s", video_id, e)
