"""Owns what the streams of a video have to know of it at a moment, read once for all of them."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from api.events.answers import StateAnswer
from api.services import Services
from api.views import video_answer
from pipeline.contracts.frames import MAX_FRAME_NUMBER
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.frontier import Frontier

STATE_SECONDS = 1.0
"""How often counts are read while the state stays the same."""
SETTLE_SECONDS = 2.0
"""For so long what was being written when a video was cancelled, or had failed, may still come."""


@dataclass(frozen=True, slots=True)
class Look:
    """A video as it was, up to which frame its rows are there, and whether those are all; None when it is gone."""

    video: Video | None
    state: StateAnswer
    frame_to: int = 0
    complete: bool = False

    @property
    def at_the_end(self) -> bool:
        """Whether every row is there but the video has not ended yet."""
        video = self.video
        return (
            video is not None and not self.complete and self.frame_to >= (video.last_frame_number or self.frame_to + 1)
        )


class Lookout:
    """Takes looks at one video. For one thread at a time; raises StoreUnavailable."""

    def __init__(self, services: Services, video: Video) -> None:
        self._services = services
        self._video_id = video.video_id
        self._frontier = Frontier(services.videos, services.results, video.video_id)
        self._known: Video | None = None
        self._state = StateAnswer(video_id=video.video_id, status="deleted")
        self._counted_at = 0.0

    def look(self) -> Look:
        """How the video stands. It is read before its rows: what ended it was stored before."""
        video = self._services.videos.get(self._video_id)
        if video is None:
            return Look(None, StateAnswer(video_id=self._video_id, status="deleted"))
        complete = _settled(video)
        frame_to = MAX_FRAME_NUMBER if complete else self._frontier.advance(video)
        return Look(video, self._counted(video), frame_to, complete)

    def _counted(self, video: Video) -> StateAnswer:
        now = time.monotonic()
        if video != self._known or (not video.status.terminal and now - self._counted_at >= STATE_SECONDS):
            self._state = StateAnswer.of(video_answer(self._services, video), video.attempt)
            self._known, self._counted_at = video, now
        return self._state


def _settled(video: Video) -> bool:
    if video.status is VideoStatus.COMPLETED or video.finished_at is None:
        return video.status.terminal
    return (datetime.now(UTC) - video.finished_at).total_seconds() > SETTLE_SECONDS
