"""Owns who may publish: what the RTMP server asks when somebody comes, and says when somebody has gone."""

import logging
import time
from datetime import UTC, datetime
from uuid import UUID

from api.rtmp.door import RtmpDoor
from api.services import Services
from api.submission import wake
from pipeline.contracts.errors import Forbidden, FramewiseError
from pipeline.contracts.videos import SourceKind, Video
from pipeline.rtmp.keys import hash_of
from pipeline.stores.publishers import PublisherState

LOOK_SECONDS = 0.2
GONE_SECONDS = 2.0
logger = logging.getLogger(__name__)


class PublisherRefused(Forbidden):
    """Somebody may not publish."""

    type = "publisher-refused"
    title = "This stream cannot be published"


def admit(services: Services, key: str, session: str) -> UUID:
    """The video that this session publishes from now on; raises PublisherRefused, and StoreUnavailable."""
    door = services.rtmp
    state = door.publishers.by_key(hash_of(key))
    if state is None:
        raise PublisherRefused("no video has this stream key")
    _check_open(services.videos.get(state.video_id), state)
    if not make_room(door, str(state.video_id)):
        raise PublisherRefused(f"video {state.video_id} has a publisher, who is sending")
    if not door.publishers.connect(state.video_id, session, datetime.now(UTC)):
        raise PublisherRefused(f"the stream key of video {state.video_id} was revoked")
    logger.info("video %s: somebody publishes", state.video_id)
    wake(services, state.video_id)
    return state.video_id


def left(services: Services, key: str, session: str) -> None:
    """A session is over; one that another has taken over from changes nothing."""
    publishers = services.rtmp.publishers
    state = publishers.by_key(hash_of(key))
    if state is not None and publishers.end(state.video_id, session, datetime.now(UTC)):
        logger.info("video %s: the publisher has gone", state.video_id)


def _check_open(video: Video | None, state: PublisherState) -> None:
    if video is None or video.status.terminal or state.revoked_at is not None:
        raise PublisherRefused(f"video {state.video_id} has ended; ask for another endpoint")
    if not state.came and state.expires_at <= datetime.now(UTC):
        raise PublisherRefused(f"the stream key of video {state.video_id} was not used in time; ask for another")


def make_room(door: RtmpDoor, name: str) -> bool:
    """Whether nobody publishes a stream, after ending one who has sent nothing for a while. Waits for that while."""
    before = door.server.published().get(name)
    if before is None:
        return True
    until = time.monotonic() + door.idle_seconds
    while time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        now = door.server.published().get(name)
        if now is None:
            return True
        if now.bytes_in != before.bytes_in or now.session != before.session:
            return False
    door.server.drop(name)
    return _has_gone(door, name)


def _has_gone(door: RtmpDoor, name: str) -> bool:
    until = time.monotonic() + GONE_SECONDS
    while name in door.server.published():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def end_publishing(services: Services, video: Video) -> None:
    """Let a video's key open nothing any more, and end whoever publishes. What fails here the sweeper does."""
    if video.source is not SourceKind.RTMP:
        return
    try:
        services.rtmp.publishers.revoke(video.video_id, datetime.now(UTC))
        services.rtmp.server.drop(str(video.video_id))
    except FramewiseError as e:
        logger.warning("video %s: its publisher is ended by the next sweep: %s", video.video_id, e)
