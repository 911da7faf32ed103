"""Owns how videos stand: one, or a page of them."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from api import cursors
from api.dependencies import KnownVideo, NoQuery, ServicesDep, VideosParamsDep
from api.problems import documented
from api.requests import VideosParams
from api.responses import VideoAnswer, VideosAnswer
from api.services import Services
from api.views import video_answer
from pipeline.contracts.videos import Video
from pipeline.video_store import EndedCursor

router = APIRouter(prefix="/analysis", tags=["videos"])


@router.get("/videos", operation_id="list_videos", summary="A page of videos", responses=documented())
def list_videos(services: ServicesDep, params: VideosParamsDep) -> VideosAnswer:
    """Completed videos, newest first; another state or a tag if asked."""
    bound_to = cursors.fingerprint("videos", params.status, params.tag)
    after = _place(params, bound_to)
    if params.status.terminal:
        videos = services.videos.ended_videos(params.status, params.limit + 1, after)
        key = [(v.finished_at, v) for v in videos]
    else:
        key = [(v.created_at, v) for v in _open(services, params, after)]
    page = key[: params.limit]
    more = len(key) > params.limit
    next_cursor = (
        cursors.encode([page[-1][0].isoformat(), str(page[-1][1].video_id)], bound_to) if more and page[-1][0] else None
    )
    wanted = [v for _, v in page if params.tag is None or params.tag in v.tags]
    return VideosAnswer(items=[video_answer(services, video) for video in wanted], next_cursor=next_cursor)


def _place(params: VideosParams, bound_to: str) -> EndedCursor | None:
    if params.cursor is None:
        return None
    at, video_id = cursors.decode(params.cursor, bound_to, str, str)
    try:
        return EndedCursor(datetime.fromisoformat(at), UUID(video_id))
    except ValueError as e:
        raise cursors.refuse("it is not one that this service gave") from e


def _open(services: Services, params: VideosParams, after: EndedCursor | None) -> list[Video]:
    known = (
        services.videos.get(video_id) for video_id in services.videos.open_videos(services.settings.max_open_videos)
    )
    waiting = [v for v in known if v is not None and v.status is params.status]
    newest = sorted(waiting, key=lambda v: (v.created_at, v.video_id), reverse=True)
    place = (after.finished_at, after.video_id) if after else None
    return [v for v in newest if place is None or (v.created_at, v.video_id) < place][: params.limit + 1]


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
