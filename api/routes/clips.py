"""Owns the recording of a video: its stored frames as MP4, or as HLS where they are many."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.blurring import check_looked_for
from api.clips.footage import Moment, Span, footage, reached
from api.clips.making import Drawing, made, sent
from api.clips.playlist import MOST_FRAMES, SEGMENT_FRAMES, playlist, segments
from api.dependencies import KnownVideo, ServicesDep
from api.exports.stream import disposition
from api.problems import documented
from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.videos import Video

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
HLS = "application/vnd.apple.mpegurl"
BINARY = {"type": "string", "format": "binary", "description": "H.264 without sound"}
LIST = {"type": "string", "description": "a playlist; its segments are made when they are asked for"}
EXAMPLE = "#EXTM3U\n#EXT-X-VERSION:6\n#EXTINF:6.000000,\nclip/segment.ts?frame_from=1&frame_to=151\n#EXT-X-ENDLIST\n"
CLIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the clip",
        "content": {"video/mp4": {"schema": BINARY}, HLS: {"schema": LIST, "example": EXAMPLE}},
    }
}
SEGMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "a part of a clip as MPEG-TS", "content": {"video/mp2t": {"schema": BINARY}}}
}


class _Drawn(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    annotate: bool = Field(default=True, description="draw boxes and labels")
    blur: Literal["faces"] | None = Field(
        default=None, description="hide every face that faces_detection found, however sure; 409 where it did not look"
    )

    @property
    def drawing(self) -> Drawing:
        """How its frames are drawn."""
        return Drawing(self.annotate, self.blur is not None)


class ClipParams(_Drawn):
    """Which part of a video, and how."""

    from_: float | None = Field(default=None, alias="from", ge=0, description="seconds of media time; the start else")
    to: float | None = Field(default=None, ge=0, description="seconds of media time; the last stored frame else")
    format: Literal["mp4", "hls"] = Field(default="mp4", description="one file, or a playlist for what is long")

    @model_validator(mode="after")
    def _in_order(self) -> "ClipParams":
        if self.to is not None and self.to < (self.from_ or 0):
            raise ValueError("`to` is before `from`: the range is empty")
        return self

    @property
    def passed_on(self) -> dict[str, str]:
        """The parameters that segments take too."""
        return ({} if self.annotate else {"annotate": "false"}) | ({"blur": self.blur} if self.blur else {})


class SegmentParams(_Drawn):
    """Which frames; both ends included."""

    frame_from: int = Field(ge=1, le=2**53, examples=[1])
    frame_to: int = Field(ge=1, le=2**53, examples=[151])


@router.get(
    "/clip",
    operation_id="get_clip",
    summary="A part of the video from its stored frames",
    response_class=Response,
    responses={**CLIP, **documented(404, 409, 429)},
)
async def clip(
    services: ServicesDep, video: KnownVideo, params: Annotated[ClipParams, Query()], request: Request
) -> Response:
    """The sampled frames, each for as long as it lasted, with what was found drawn on them. A file holds some minutes
    (`FRAMEWISE_CLIP_FRAMES`); what is longer is asked for with `format=hls`.
    """
    span = Span(params.from_, params.to)
    if params.format == "hls":
        return await run_in_threadpool(_listed, services, video, span, params)
    most = services.settings.clip_frames
    moments = await run_in_threadpool(_chosen, services, video, span, params.drawing, most)
    file = await made(services, request, video, moments, params.drawing, "mp4")
    name = disposition(video.video_name, "mp4").replace("attachment", "inline", 1)
    return sent(file, "video/mp4", {"Content-Disposition": name})


@router.get(
    "/clip/segment.ts",
    operation_id="get_clip_segment",
    summary="One segment of a clip's playlist",
    response_class=Response,
    responses={**SEGMENT, **documented(404, 409, 429)},
)
async def segment(
    services: ServicesDep, video: KnownVideo, params: Annotated[SegmentParams, Query()], request: Request
) -> Response:
    """MPEG-TS of some seconds; its times are the video's, so that segments follow each other. Playlists name them."""
    span = Span(frame_from=params.frame_from, frame_to=params.frame_to)
    moments = await run_in_threadpool(_chosen, services, video, span, params.drawing, SEGMENT_FRAMES)
    file = await made(services, request, video, moments, params.drawing, "mpegts")
    return sent(file, "video/mp2t", {})


def _listed(services: Services, video: Video, span: Span, params: ClipParams) -> Response:
    ended = video.status.terminal or (span.time_to is not None and (reached(services, video) or 0.0) > span.time_to)
    found = segments(_chosen(services, video, span, params.drawing, MOST_FRAMES))
    return Response(
        playlist(list(found), ended, params.passed_on), media_type=HLS, headers={"Cache-Control": "no-cache"}
    )


def _chosen(services: Services, video: Video, span: Span, drawing: Drawing, most: int) -> list[Moment]:
    """The frames; raises RequestValidationError when they are too many, and Conflict when faces cannot be hidden."""
    if drawing.hide_faces and video.store_frames is not StoreFrames.BLURRED:
        check_looked_for(services, video)
    moments = footage(services, video, span, most)
    if len(moments) > most:
        raise RequestValidationError([{"loc": ("query", "to"), "msg": _too_long(most), "type": "too_long"}])
    return moments


def _too_long(most: int) -> str:
    advice = "" if most in (MOST_FRAMES, SEGMENT_FRAMES) else ", or ask for format=hls"
    return f"the range has more than {most} frames: choose a shorter one{advice}"
