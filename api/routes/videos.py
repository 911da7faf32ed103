"""Owns how videos stand: one, or a page of them."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from api import cursors
from api.dependencies import CallerDep, KnownVideo, NoQuery, ServicesDep, VideosParamsDep
from api.listing import Place, listed
from api.params import VideosParams
from api.problems import documented
from api.responses import VideoAnswer, VideosAnswer
from api.views import video_answer

router = APIRouter(prefix="/analysis", tags=["videos"])


@router.get("/videos", operation_id="list_videos", summary="A page of videos", responses=documented())
def list_videos(services: ServicesDep, caller: CallerDep, params: VideosParamsDep) -> VideosAnswer:
    """Completed videos, newest first; another state or all, by words or a tag, or all of one external id if asked."""
    bound_to = cursors.fingerprint("videos", params.status, params.search, params.tag, params.external_id)
    page = listed(services, caller, params, _place(params, bound_to))
    return VideosAnswer(
        items=[video_answer(services, video) for video in page.videos],
        next_cursor=_cursor(page.next, bound_to) if page.next else None,
    )


def _cursor(place: Place, bound_to: str) -> str:
    return cursors.encode([place.open, place.at.isoformat(), str(place.video_id)], bound_to)


def _place(params: VideosParams, bound_to: str) -> Place | None:
    if params.cursor is None:
        return None
    is_open, at, video_id = cursors.decode(params.cursor, bound_to, bool, str, str)
    try:
        return Place(is_open, datetime.fromisoformat(at), UUID(video_id))
    except ValueError as e:
        raise cursors.refuse("it is not one that this service gave") from e


@router.get(
    "/{video_id}",
    operation_id="get_video",
    summary="A video and how it stands",
    responses=documented(404),
    dependencies=[NoQuery],
)
def get_video(services: ServicesDep, video: KnownVideo) -> VideoAnswer:
    """State, stages, counts, progress, warnings, and the reason if it failed."""
    return video_answer(services, video)
