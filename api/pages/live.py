"""Owns the pages of live streams: all of them at once, and one."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.dependencies import CallerDep, ServicesDep, visible
from api.events.cursor import event_id
from api.events.newest import newest_place
from api.pages.shell import page
from api.services import Services
from api.views import video_answer
from pipeline.contracts.errors import NotFound
from pipeline.contracts.tracks import FOLLOWED
from pipeline.contracts.videos import Video

router = APIRouter(include_in_schema=False)


@router.get("/live")
def live(request: Request) -> HTMLResponse:
    """Every live stream that runs; new ones appear by themselves."""
    return page(request, "live.html", "/live")


@router.get("/live/{video_id}")
def stream(request: Request, services: ServicesDep, caller: CallerDep, video_id: str) -> HTMLResponse:
    """One live stream: its picture, what is in it now, charts that roll, events."""
    try:
        video = visible(services, caller, _id(video_id))
    except NotFound as e:
        return page(request, "no_video.html", "/live", status=404, reason=str(e))
    shown = video_answer(services, video).model_dump(mode="json", by_alias=True)
    followed = any(task.name in FOLLOWED for task in video.tasks)
    return page(request, "stream.html", "/live", video=shown, events=_events(services, video), is_followed=followed)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as e:
        raise NotFound(f"{text} is no id of a video") from e


def _events(services: Services, video: Video) -> str:
    """Where the page follows events: from now on, not from the first."""
    path = f"/analysis/{video.video_id}/events?previews=true"
    place = newest_place(services.results, video)
    return path if place is None else f"{path}&last_event_id={event_id(video.video_id, place)}"
