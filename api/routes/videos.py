"""Owns how videos stand: one, or a page of them."""

from datetime import datetime
from itertools import islice
from uuid import UUID

from fastapi import APIRouter

from api import cursors
from api.caller import Caller
from api.dependencies import CallerDep, KnownVideo, NoQuery, ServicesDep, VideosParamsDep
from api.problems import documented
from api.requests import VideosParams
from api.responses import VideoAnswer, VideosAnswer
from api.services import Services
from api.views import video_answer
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.videos import CreatedCursor, EndedCursor

router = APIRouter(prefix="/analysis", tags=["videos"])


@router.get("/videos", operation_id="list_videos", summary="A page of videos", responses=documented())
def list_videos(services: ServicesDep, caller: CallerDep, params: VideosParamsDep) -> VideosAnswer:
    """Completed videos, newest first; another state, a tag, or all of one external id if asked."""
    status = params.status or VideoStatus.COMPLETED
    bound_to = cursors.fingerprint("videos", params.status, params.tag, params.external_id)
    after = _place(params, bound_to)
    key: list[tuple[datetime | None, Video]]
    if params.external_id is not None:
        key = [(v.created_at, v) for v in _named(services, caller, params, after)]
    elif status.terminal:
        videos = services.videos.ended_videos(status, params.limit + 1, after, caller.sees_only)
        key = [(v.finished_at, v) for v in videos]
    else:
        key = [(v.created_at, v) for v in _open(services, caller, params, status, after)]
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


def _named(services: Services, caller: Caller, params: VideosParams, after: EndedCursor | None) -> list[Video]:
    found: list[Video] = []
    place = CreatedCursor(after.finished_at, after.video_id) if after else None
    while page := services.videos.videos_named(params.external_id or "", params.limit + 1, place):
        found += [v for v in page if caller.may_see(v) and params.status in (None, v.status)]
        if len(found) > params.limit or len(page) <= params.limit:
            break
        place = CreatedCursor(page[-1].created_at, page[-1].video_id)
    return found[: params.limit + 1]


def _open(
    services: Services, caller: Caller, params: VideosParams, status: VideoStatus, after: EndedCursor | None
) -> list[Video]:
    place = (after.finished_at, after.video_id) if after else None
    listed = sorted(services.queue.queue(0).entries, key=lambda entry: (entry.at, entry.video_id), reverse=True)
    wanted = (
        entry.video_id
        for entry in listed
        if entry.status in (None, status)
        and caller.owns(entry.key_id)
        and (place is None or (entry.at, entry.video_id) < place)
    )
    known = map(services.videos.get, wanted)
    return list(islice((v for v in known if v is not None and v.status is status), params.limit + 1))


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
