"""Owns single frames: a frame's rows, and the picture with its findings drawn."""

import hashlib
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from api.annotate import annotate
from api.blurring import face_boxes
from api.dependencies import FrameNumber, FrameParamsDep, KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.responses import ResultAnswer
from api.services import Services
from api.tracks.joining import with_tracks
from api.unchanged import is_unchanged
from api.views import result_answer
from pipeline.contracts.errors import FrameUnreadable, NotFound
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Box, ResultRow
from pipeline.contracts.videos import Video

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
_USUALLY = "it was not sampled, is not done yet, or was cleared"
_ABSENCE = {
    StoreFrames.FULL: _USUALLY,
    StoreFrames.BLURRED: f"{_USUALLY}; or nobody knows where its faces are, so that it could not be blurred",
    StoreFrames.NONE: "the video was submitted with storeFrames none, which keeps results only",
}
"""Why a picture may not be there, by what is kept of the video's frames."""


@router.get(
    "/frame/{frame_number}/results",
    operation_id="get_frame_results",
    summary="The rows of one frame",
    responses=documented(404),
    dependencies=[NoQuery],
)
def frame_results(services: ServicesDep, video: KnownVideo, frame_number: FrameNumber) -> list[ResultAnswer]:
    """One row a task."""
    rows = services.results.frame(video.video_id, frame_number)
    if not rows:
        raise NotFound(f"frame {frame_number} of video {video.video_id} has no results: not sampled, or not yet done")
    return [result_answer(row) for row in with_tracks(services.tracks, video.video_id, rows)]


@router.get(
    "/frame/{frame_number}",
    operation_id="get_frame",
    summary="A frame with boxes and labels",
    response_class=Response,
    responses={200: {"content": JPEG}, 304: {"description": "unchanged"}, **documented(404, 409)},
)
def frame(
    services: ServicesDep, video: KnownVideo, frame_number: FrameNumber, params: FrameParamsDep, request: Request
) -> Response:
    """A JPEG with what was found drawn on it, and its faces blurred if asked; the `ETag` changes with both."""
    jpeg = _stored(services, video, frame_number)
    rows = services.results.frame(video.video_id, frame_number) if params.annotate or params.blur else ()
    hidden = face_boxes(services, video, frame_number, rows) if params.blur else []
    drawn = [row for row in rows if params.annotate and (params.tasks is None or row.task in params.tasks)]
    headers = {"ETag": _etag(jpeg, drawn, hidden, params.min_confidence), "Cache-Control": "private, no-cache"}
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    found = [row for row in drawn if row.detections]
    body = _picture(video, frame_number, jpeg, found, hidden, params.min_confidence) if found or hidden else jpeg
    return Response(body, media_type="image/jpeg", headers=headers)


def _stored(services: Services, video: Video, frame_number: int) -> bytes:
    """The JPEG; raises NotFound, which says why there is none."""
    jpeg = services.frames.get(video.video_id, frame_number)
    if jpeg is None:
        raise NotFound(f"frame {frame_number} of video {video.video_id} is not stored: {_ABSENCE[video.store_frames]}")
    return jpeg


def _etag(jpeg: bytes, drawn: Sequence[ResultRow], hidden: Sequence[Box], min_confidence: float) -> str:
    shown = [(row.task, row.detections) for row in drawn], min_confidence, hidden
    return f'"{hashlib.sha256(jpeg + repr(shown).encode()).hexdigest()[:32]}"'


def _picture(
    video: Video, frame_number: int, jpeg: bytes, found: Sequence[ResultRow], hidden: Sequence[Box], least: float
) -> bytes:
    try:
        return annotate(jpeg, found, least, hidden)
    except FrameUnreadable as e:
        where = f"frame {frame_number} of video {video.video_id}"
        raise NotFound(f"{where} cannot be shown: its stored picture is damaged; submit the source again") from e
