"""Owns single frames: a frame's rows, and the picture with its findings drawn."""

import hashlib

from fastapi import APIRouter, Request, Response

from api.annotate import annotate
from api.dependencies import FrameNumber, FrameParamsDep, KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.responses import ResultAnswer
from api.views import result_answer
from pipeline.contracts.errors import NotFound

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


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
    return [result_answer(row) for row in rows]


@router.get(
    "/frame/{frame_number}",
    operation_id="get_frame",
    summary="A frame with boxes and labels",
    response_class=Response,
    responses={200: {"content": JPEG}, 304: {"description": "unchanged"}, **documented(404)},
)
def frame(
    services: ServicesDep, video: KnownVideo, frame_number: FrameNumber, params: FrameParamsDep, request: Request
) -> Response:
    """A JPEG; the `ETag` changes with what is drawn."""
    jpeg = services.frames.get(video.video_id, frame_number)
    if jpeg is None:
        raise NotFound(f"frame {frame_number} of video {video.video_id} is not stored: not sampled, or not yet done")
    rows = [
        row
        for row in (services.results.frame(video.video_id, frame_number) if params.annotate else ())
        if params.tasks is None or row.task in params.tasks
    ]
    drawn = [(row.task, row.detections) for row in rows]
    digest = hashlib.sha256(jpeg + repr((drawn, params.min_confidence)).encode()).hexdigest()
    etag = f'"{digest[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    body = annotate(jpeg, rows, params.min_confidence) if rows else jpeg
    return Response(body, media_type="image/jpeg", headers=headers)
