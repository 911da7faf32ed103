"""Owns the `Annotated` aliases of the routes."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError

from api.caller import Caller, caller_of
from api.examples import VIDEO_ID
from api.params import FrameParams, ResultParams, SearchParams, SummaryParams, VideosParams
from api.services import Services
from pipeline.contracts.errors import NotFound
from pipeline.contracts.videos import Video


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _no_query(request: Request) -> None:
    if request.query_params:
        raise RequestValidationError(
            [
                {"loc": ("query", name), "msg": "there is no such parameter", "type": "extra"}
                for name in request.query_params
            ]
        )


ServicesDep = Annotated[Services, Depends(_services)]
VideoId = Annotated[UUID, Path(description="the id that the submission was given", examples=[VIDEO_ID])]
FrameNumber = Annotated[
    int, Path(ge=1, le=2**53, description="1-based number of the frame in the video", examples=[51])
]


CallerDep = Annotated[Caller, Depends(caller_of)]


async def _other_path(request: Request) -> None:
    """A path with an operation of its own is no video: there, another method is what is wrong."""
    known = request.app.openapi()["paths"].get(request.url.path)
    if known is not None:
        raise HTTPException(405, headers={"Allow": ", ".join(method.upper() for method in known)})


def visible(services: Services, caller: Caller, video_id: UUID) -> Video:
    """The video, if it is there and the caller may see it; raises NotFound, in the same words for both."""
    video = services.videos.get(video_id)
    if video is None or not caller.may_see(video):
        raise NotFound(_absence(services, caller, video_id))
    return video


def _absence(services: Services, caller: Caller, video_id: UUID) -> str:
    deletion = services.deletions.get(video_id)
    if deletion is None or not caller.owns(deletion.key_id):
        return f"there is no video {video_id}"
    return f"video {video_id} was deleted at {deletion.deleted_at:%Y-%m-%d %H:%M:%S} UTC; submit it again to have it"


def _video(services: ServicesDep, caller: CallerDep, video_id: VideoId) -> Video:
    return visible(services, caller, video_id)


KnownVideo = Annotated[Video, Depends(_video)]
NoQuery = Depends(_no_query)
NoOtherPath = Depends(_other_path)
ResultParamsDep = Annotated[ResultParams, Query()]
SummaryParamsDep = Annotated[SummaryParams, Query()]
SearchParamsDep = Annotated[SearchParams, Query()]
FrameParamsDep = Annotated[FrameParams, Query()]
VideosParamsDep = Annotated[VideosParams, Query()]
