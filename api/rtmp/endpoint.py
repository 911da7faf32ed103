"""Owns making an RTMP endpoint: a video that waits for its publisher, and the key that opens it."""

from datetime import UTC, datetime

from api.origin import Origin
from api.rtmp.bodies import RtmpAnswer, RtmpRequest
from api.services import Services
from api.submission import VideoGone, claim_id, earlier, fingerprint_of, new_video, submit
from pipeline.contracts.errors import Conflict
from pipeline.contracts.videos import SourceKind, Video
from pipeline.rtmp.keys import hash_of, new_key
from pipeline.stores.publishers import PublisherState


class KeyShown(Conflict):
    """An endpoint is asked for again that was made already."""

    type = "stream-key-shown"
    title = "The stream key was shown already"


def check_new(services: Services, origin: Origin, body: RtmpRequest) -> str:
    """The request's fingerprint; raises KeyShown when an endpoint was made for this Idempotency-Key."""
    asked = fingerprint_of("rtmp-endpoint", body)
    if (video := earlier(services, origin, asked)) is not None:
        raise _shown(video)
    return asked


def make_endpoint(
    services: Services, origin: Origin, body: RtmpRequest, asked: str, asked_host: str | None
) -> RtmpAnswer:
    """A video and its key, which nobody is shown again. Raises KeyShown when another request was first."""
    door, key, now = services.rtmp, new_key(), datetime.now(UTC)
    video_id = claim_id(services, origin, asked)
    video = new_video(video_id, body, origin, SourceKind.RTMP, door.settings.rtmp_source_url(video_id), "RTMP")
    try:
        door.publishers.invite(PublisherState(video_id, hash_of(key), now, now + door.wait))
    except Conflict as e:
        raise _shown(video) from e
    try:
        submit(services, video, body)
    except VideoGone:
        door.publishers.forget(video_id)
        raise
    return _answer(video, key, door.address(asked_host), now + door.wait)


def _answer(video: Video, key: str, server: str, expires_at: datetime) -> RtmpAnswer:
    path = f"/analysis/{video.video_id}"
    return RtmpAnswer(
        video_id=video.video_id,
        server=server,
        stream_key=key,
        rtmp_endpoint=f"{server}/{key}",
        expires_at=expires_at,
        status_url=path,
        results_url=f"{path}/results",
        events_url=f"{path}/events",
        live_url=f"{path}/live",
    )


def _shown(video: Video) -> KeyShown:
    return KeyShown(
        f"this Idempotency-Key has made video {video.video_id}, and its stream key is shown once; if that answer was "
        "lost, cancel the video and send another Idempotency-Key"
    )
