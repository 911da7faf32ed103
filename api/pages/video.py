"""Owns the page of one video."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.dependencies import CallerDep, ServicesDep, visible
from api.events.cursor import EventPlace, Stage, event_id
from api.pages.shell import page
from api.views import video_answer
from pipeline.contracts.errors import NotFound
from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import TaskName
from pipeline.contracts.tracks import FOLLOWED
from pipeline.contracts.videos import Video
from pipeline.stores.results import BucketSummary

router = APIRouter(include_in_schema=False)


@router.get("/videos/{video_id}")
def video(request: Request, services: ServicesDep, caller: CallerDep, video_id: str) -> HTMLResponse:
    """What was found in a video, to look at; it carries the video's state, so that nothing is asked for twice."""
    try:
        known = visible(services, caller, _id(video_id))
    except NotFound as e:
        return page(request, "no_video.html", "/videos", status=404, reason=str(e))
    stored = services.results.summaries(known.video_id)
    return page(
        request,
        "video.html",
        "/videos",
        video=video_answer(services, known).model_dump(mode="json", by_alias=True),
        span=_span(stored),
        events=_events(known, stored),
        formats=("json", "csv", "parquet", "coco"),
        is_followed=any(task.name in FOLLOWED for task in known.tasks),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as e:
        raise NotFound(f"{text} is no id of a video") from e


def _span(stored: list[BucketSummary]) -> dict[str, float]:
    """The first and the last time of stored frames, in seconds."""
    first = min((s.first_media_time for s in stored if s.first_media_time is not None), default=0.0)
    return {
        "first": first,
        "last": max((s.last_media_time for s in stored if s.last_media_time is not None), default=first),
    }


def _events(video: Video, stored: list[BucketSummary]) -> str:
    """Where the page follows events: not from the first, but from a little before what is stored already."""
    path = f"/analysis/{video.video_id}/events"
    behind = (stored[-1].bucket - 1) * BUCKET_FRAMES if stored else 0
    if behind <= 0:
        return path
    place = EventPlace(video.attempt_timestamp, Stage.ROWS, behind, max(TaskName))
    return f"{path}?last_event_id={event_id(video.video_id, place)}"
