"""Owns the picture of a track: cut from the stored frame in which it is seen best."""

import hashlib

import cv2

from api.annotate import annotate
from api.blurring import face_boxes
from api.services import Services
from pipeline.contracts.errors import FrameUnreadable, NotFound
from pipeline.contracts.results import Box
from pipeline.contracts.tracks import FACE_TASKS, BestFrame, Track
from pipeline.contracts.videos import Video
from pipeline.pictures import decode

FACE_MARGIN, THING_MARGIN = 0.35, 0.05
"""Of the box's longer side: a face is known by its hair and chin too."""
QUALITY = 90


def picture_of(services: Services, video: Video, track: Track, hide: bool) -> tuple[bytes, str]:
    """The JPEG and its ETag. Raises NotFound, which says why there is none, and Conflict as blurring does."""
    best = track.best
    stored = services.frames.get(video.video_id, best.frame_number) if best is not None else None
    if best is None or stored is None:
        raise NotFound(_absence(video, track))
    jpeg = _cut(services, video, track, best, stored, hide)
    return jpeg, f'"{hashlib.sha256(jpeg).hexdigest()[:32]}"'


def _cut(services: Services, video: Video, track: Track, best: BestFrame, stored: bytes, hide: bool) -> bytes:
    try:
        shown = annotate(stored, [], 1.0, hidden) if hide and (hidden := _hidden(services, video, best)) else stored
        image = decode(shown)
    except FrameUnreadable as e:
        raise NotFound(
            f"track {track.track_id} of video {video.video_id} cannot be shown: the picture stored of frame "
            f"{best.frame_number} is damaged; submit the source again"
        ) from e
    height, width = image.shape[:2]
    rows, columns = _around(best.box, track, width, height)
    return cv2.imencode(".jpg", image[rows, columns], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _hidden(services: Services, video: Video, best: BestFrame) -> list[Box]:
    rows = services.results.frame(video.video_id, best.frame_number)
    return face_boxes(services, video, best.frame_number, rows)


def _around(box: Box, track: Track, width: int, height: int) -> tuple[slice, slice]:
    """The pixels of a box with its margin, as far as they are in the frame."""
    margin = FACE_MARGIN if track.task in FACE_TASKS else THING_MARGIN
    more = margin * max(box.width * width, box.height * height)
    return _span(box.y, box.height, height, more), _span(box.x, box.width, width, more)


def _span(start: float, length: float, pixels: int, more: float) -> slice:
    first = min(max(0, round(start * pixels - more)), pixels - 1)
    return slice(first, max(first + 1, min(pixels, round((start + length) * pixels + more))))


def _absence(video: Video, track: Track) -> str:
    where = f"track {track.track_id} of video {video.video_id}"
    if track.best is None:
        return f"{where} has no picture yet: it is chosen when the track has ended"
    return f"{where} has no picture: frame {track.best.frame_number} is not stored (any more)"
