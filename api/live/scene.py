"""Owns what the stores know of a video that is looked at: how it stands, its newest frame, and the drawn picture."""

import logging
from dataclasses import replace

import cv2
import numpy as np

from api.annotate import annotate
from api.blurring import face_boxes
from api.live.screen import Seen
from api.live.shots import Shot, View
from api.services import Services
from pipeline.contracts.errors import Conflict, FrameUnreadable, StoreError
from pipeline.contracts.videos import Video
from pipeline.pictures import blur, decode, encode

log = logging.getLogger(__name__)


class VideoScene:
    """One video. Blocks; for the threads that draw."""

    def __init__(self, services: Services, video: Video) -> None:
        self._services = services
        self._video = video

    def look(self, shot_wanted: bool) -> Seen:
        """Whether it has ended, and its newest shot if that is wanted or it has; raises StoreUnavailable."""
        video = self._services.videos.get(self._video.video_id)
        if video is None:
            return Seen(over=True, gone=True)
        self._video, over = video, video.status.terminal
        return Seen(over, shot=newest(self._services, video) if shot_wanted or over else None)

    def draw(self, shot: Shot, view: View) -> bytes | None:
        """The picture; empty where it cannot be shown, None where it is not stored, or not yet."""
        try:
            jpeg = self._services.frames.get(self._video.video_id, shot.frame_number)
            return self._drawn(jpeg, as_stored(self._services, self._video, shot), view) if jpeg is not None else None
        except StoreError:
            return None
        except (FrameUnreadable, Conflict) as e:
            log.debug("frame %d of video %s is left out: %s", shot.frame_number, self._video.video_id, e)
            return b""

    def _drawn(self, jpeg: bytes, shot: Shot, view: View) -> bytes:
        if view.hide_faces:
            jpeg = blur(jpeg, face_boxes(self._services, self._video, shot.frame_number, shot.rows))
        found = [row for row in shot.rows if row.detections]
        if view.side_by_side:
            return beside(jpeg, annotate(jpeg, found))
        return annotate(jpeg, found) if view.annotate and found else jpeg


def as_stored(services: Services, video: Video, shot: Shot) -> Shot:
    """A shot that was heard, as it is stored by now where people are named: somebody may have been erased since."""
    if video.identification is None:
        return shot
    return replace(shot, rows=services.results.frame(video.video_id, shot.frame_number))


def beside(left: bytes, right: bytes) -> bytes:
    """Two JPEGs of one size as one; raises FrameUnreadable."""
    both = cv2.hconcat([decode(left), decode(right)])
    return encode(np.ascontiguousarray(both, dtype=np.uint8))


def newest(services: Services, video: Video) -> Shot | None:
    """The last frame that has an outcome and a picture; None when there is none (any more)."""
    counted = {summary.bucket for summary in services.results.summaries(video.video_id)}
    for bucket in reversed(services.frames.buckets(video.video_id)):
        if bucket in counted and (shot := _last_of(services, video, bucket)) is not None:
            return shot
    return None


def _last_of(services: Services, video: Video, bucket: int) -> Shot | None:
    stored = {frame.frame_number for frame in services.frames.stored(video.video_id, bucket)}
    shown = [entry for entry in services.results.entries(video.video_id, bucket) if entry.frame_number in stored]
    if not shown:
        return None
    number = shown[-1].frame_number
    rows = services.results.frame(video.video_id, number)
    return Shot(video.attempt, number, shown[-1].media_time, rows)
