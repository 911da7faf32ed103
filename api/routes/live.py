"""Owns the live picture of a video: its newest analysed frames, one after the other in one answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.blurring import check_looked_for
from api.dependencies import KnownVideo, ServicesDep
from api.live.scene import newest
from api.live.shots import View
from api.live.stream import BOUNDARY, PictureResponse, pictures
from api.problems import documented
from api.services import Services
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.videos import Video

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
SCHEMA = {"type": "string", "format": "binary", "description": "JPEGs; each has `X-Frame-Number` and `X-Media-Time`"}
EXAMPLE = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nX-Frame-Number: 51\r\nX-Media-Time: 2.000000\r\n\r\n..."
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "pictures until the video has ended, the last of them twice",
        "content": {PictureResponse.media_type: {"schema": SCHEMA, "example": EXAMPLE}},
    }
}


class LiveParams(BaseModel):
    """How the frames are shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    annotate: bool = Field(default=True, description="draw boxes and labels")
    view: Literal["side-by-side"] | None = Field(default=None, description="the frame without boxes, and with them")
    blur: Literal["faces"] | None = Field(
        default=None, description="hide every face that faces_detection found, however sure; 409 where it did not look"
    )


@router.get(
    "/live",
    operation_id="watch_live",
    summary="The newest frames as a moving picture",
    status_code=200,
    response_class=PictureResponse,
    responses={**STREAM, **documented(404, 409, 429)},
)
async def live(services: ServicesDep, video: KnownVideo, params: Annotated[LiveParams, Query()]) -> Response:
    """JPEGs as multipart/x-mixed-replace, for an `<img>`: the newest frame that is analysed, with its boxes. Whoever
    reads slowly gets fewer. Of a video that has ended it is the last frame.
    """
    view = View(params.annotate, params.view is not None, params.blur is not None)
    await run_in_threadpool(_check, services, video, view)
    services.events.enter()
    return PictureResponse(services.events, pictures(services, video, view))


def _check(services: Services, video: Video, view: View) -> None:
    """Raise Conflict when frames may not be shown so, and NotFound when there is none to show and none will come."""
    if video.store_frames is StoreFrames.NONE:
        raise Conflict(f"video {video.video_id} was submitted with storeFrames none, which keeps results only")
    if view.hide_faces and video.store_frames is not StoreFrames.BLURRED:
        check_looked_for(services, video)
    if video.status.terminal and newest(services, video) is None:
        raise NotFound(f"video {video.video_id} is {video.status}, and no frame of it is stored")
