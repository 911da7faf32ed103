"""Owns what nobody else finishes of published streams: publishers who never came, who stay too long, who are gone."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pipeline.contracts.errors import NotFound, Problem, RtmpUnavailable
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.observing import metrics
from pipeline.rtmp.server import Publishing, RtmpServer
from pipeline.stores.publishers import PublisherState, PublisherStore
from pipeline.stores.videos import VideoStore

SETTLED = timedelta(seconds=5)
"""What was written later may be newer than what the server has just said."""
ORPHANED = timedelta(hours=1)
NEVER_CAME = "publisher-never-came"
logger = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class PublisherSweep:
    """Holds what is written of publishers against what the server says. Several may run beside each other."""

    def __init__(
        self,
        publishers: PublisherStore,
        videos: VideoStore,
        server: RtmpServer,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._publishers = publishers
        self._videos = videos
        self._server = server
        self._clock = clock

    def sweep(self) -> None:
        """One round; raises StoreError. A server that hangs is asked again in the next."""
        try:
            published = self._server.published()
        except RtmpUnavailable as e:
            logger.warning("%s", e)
            return
        asked = self._clock()
        listed = set(self._publishers.listed())
        for video_id in listed:
            if (state := self._publishers.state(video_id)) is None:
                self._publishers.unlist(video_id)
            else:
                self._put_right(state, published.get(str(video_id)), asked)
        for name in published.keys() - set(map(str, listed)):
            # Of a video that was deleted, or had ended, a moment before: a key is listed before it can be used.
            self._server.drop(name)

    def _put_right(self, state: PublisherState, publishing: Publishing | None, asked: datetime) -> None:
        video = self._videos.get(state.video_id)
        if video is None:
            if asked - state.created_at > ORPHANED:  # a submission that died; its video would have come at once
                self._publishers.forget(state.video_id)
        elif video.status.terminal or self._never_came(state, video, asked):
            self._close(state, asked)
        else:
            self._compare(state, publishing, asked)

    def _never_came(self, state: PublisherState, video: Video, asked: datetime) -> bool:
        """Whether nobody has published in time, by which the video has failed."""
        if state.came or asked < state.expires_at:
            return False
        minutes = (state.expires_at - state.created_at) / timedelta(minutes=1)
        detail = (
            f"nobody published to the endpoint within {minutes:g} minutes; ask for another, and see that the publisher "
            "uses both the server and the key that it names"
        )
        problem = Problem(NEVER_CAME, "Nobody has published", detail)
        with suppress(NotFound):
            if self._videos.transition(state.video_id, VideoStatus.FAILED, problem, video.attempt):
                metrics.failure(NEVER_CAME)
                logger.info("video %s: nobody has published", state.video_id)
        return True

    def _close(self, state: PublisherState, asked: datetime) -> None:
        """The video has ended: its key opens nothing, nobody publishes it, and there is no more to look after."""
        self._publishers.revoke(state.video_id, asked)
        self._server.drop(str(state.video_id))
        if state.connected and state.session is not None:
            self._publishers.end(state.video_id, state.session, asked)
        self._publishers.unlist(state.video_id)

    def _compare(self, state: PublisherState, publishing: Publishing | None, asked: datetime) -> None:
        """Write down what the server could not tell the API: it was killed, or the API was away."""
        video_id, settled = state.video_id, asked - SETTLED
        if state.connected and publishing is None and _before(state.since, settled) and state.session is not None:
            self._publishers.end(video_id, state.session, asked)
            logger.info("video %s: the publisher has gone, unheard", video_id)
        elif publishing is not None and state.came and not state.connected and _before(state.ended_at, settled):
            self._publishers.connect(video_id, publishing.session, asked)
            logger.info("video %s: somebody publishes, unheard", video_id)


def _before(moment: datetime | None, settled: datetime) -> bool:
    return moment is not None and moment < settled
