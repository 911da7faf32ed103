"""Owns the browser's camera as a live source: the video, its pictures one by one, and their end."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, KnownVideo, NoQuery, ServicesDep
from api.fields import Moment
from api.origin import OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.requests import WebcamRequest
from api.responses import PushedAnswer, VideoAnswer
from api.room import check_room
from api.submission import claim_id, earlier, fingerprint_of, new_video, submit
from api.views import accepted
from api.webcam.pictures import check_picture
from api.webhooks.plan import check_callback
from pipeline.contracts.errors import Conflict
from pipeline.contracts.videos import SourceKind, Video
from pipeline.stores.pushed import PUSHED

router = APIRouter(prefix="/analysis", tags=["submit"])
PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary", "description": "one JPEG"}}},
    }
}


class PictureParams(BaseModel):
    """When a picture was captured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    captured_at: Moment = Field(
        description="by the clock of whoever sends, which need not be right: only differences count",
        examples=["2026-11-21T10:00:00.250Z"],
    )


@router.post(
    "/webcam",
    status_code=201,
    operation_id="start_webcam",
    summary="Analyse pictures that a page sends of its camera",
    responses=documented(409, 413),
    dependencies=[NoQuery],
)
def start_webcam(
    services: ServicesDep, caller: CallerDep, origin: OriginDep, body: WebcamRequest, response: Response
) -> VideoAnswer:
    """A live video that waits for pictures: send each to `/analysis/{video_id}/frames`, and say at the end that it is
    one. It also ends when no picture has come for a while.
    """
    asked = fingerprint_of("webcam", body)
    video = earlier(services, origin, asked)
    if video is None:
        check_room(services, caller)
        check_callback(services, body.callback_url)
        check_identification(services, body)
        video_id = claim_id(services, origin, asked)
        services.pushed.open(video_id)
        url = f"{PUSHED}{video_id}"
        video = submit(services, new_video(video_id, body, origin, SourceKind.STREAM, url, "Webcam"), body)
    return accepted(services, video, response)


def _webcam(services: ServicesDep, video: KnownVideo) -> Video:
    """The video, if it takes pictures; raises Conflict."""
    if not video.source_url.startswith(PUSHED):
        raise Conflict(f"video {video.video_id} has a source of its own; start one with POST /analysis/webcam")
    if video.status.terminal:
        raise Conflict(f"video {video.video_id} is {video.status}; start another with POST /analysis/webcam")
    return video


WebcamVideo = Annotated[Video, Depends(_webcam)]


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/{video_id}/frames",
    status_code=202,
    operation_id="send_frame",
    summary="Send one picture of a camera",
    responses=documented(404, 409, 413),
    openapi_extra=PICTURE,
)
def send_frame(
    services: ServicesDep,
    video: WebcamVideo,
    params: Annotated[PictureParams, Query()],
    picture: Annotated[bytes, Depends(_body)],
) -> PushedAnswer:
    """Takes a JPEG of at most 1 MiB. Send the next when this is answered; of pictures that wait too long the newest
    are kept.
    """
    check_picture(picture)
    services.picture_rates.count(video.video_id)
    dropped = services.pushed.put(video.video_id, params.captured_at, picture)
    return PushedAnswer(waiting=services.pushed.waiting(video.video_id), dropped=dropped)


@router.post(
    "/{video_id}/frames/end",
    status_code=204,
    operation_id="end_frames",
    summary="Say that no more pictures come",
    responses=documented(404, 409),
    dependencies=[NoQuery],
)
def end_frames(services: ServicesDep, video: KnownVideo) -> Response:
    """The video completes when what was sent is analysed. Nothing happens when it has ended already."""
    if not video.status.terminal:
        services.pushed.end(_webcam(services, video).video_id)
    return Response(status_code=204)
