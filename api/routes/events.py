"""Owns a video's events: results and states as they come, resumed without loss or repetition."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import KnownVideo, ServicesDep
from api.events.cursor import EventPlace, UnknownEventId, nothing_follows, parse_id
from api.events.newest import newest_place
from api.events.response import EventResponse
from api.events.stream import EventStream
from api.problems import documented
from pipeline.contracts.videos import Video

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
ID_LENGTH = 100
EXAMPLE = """event: state
data: {"video_id": "9b2f6c1e-6f0a-4c39-8a53-5d0a1f3c7e21", "status": "processing", "attempt": 1, "progress": 0.25}
id: 9b2f6c1e-1767322645000000-processing

event: result
data: {"video_id": "9b2f6c1e-6f0a-4c39-8a53-5d0a1f3c7e21", "frame_number": 1, "task": "objects_detection"}
id: 9b2f6c1e-1767322645000000-1-objects_detection

"""
EVENT_SCHEMA = {
    "type": "object",
    "description": "an event; `data` is JSON: a row of results, or the state of the video",
    "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": {"type": "string"}},
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events until the video has ended",
        "content": {"text/event-stream": {"itemSchema": EVENT_SCHEMA, "schema": EVENT_SCHEMA, "example": EXAMPLE}},
    },
    204: {"description": "the last event was received; there is nothing to reconnect for"},
}


class EventParams(BaseModel):
    """From where on, and whether previews are wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last_event_id: str | None = Field(
        default=None,
        max_length=ID_LENGTH,
        description="for clients that cannot set the header `Last-Event-ID`, which goes before it",
        examples=["9b2f6c1e-1767322645000000-1-objects_detection"],
    )
    newest: bool = Field(
        default=False,
        description="begin behind the newest row that is there, not at the first event; an event's id goes before it",
    )
    previews: bool = Field(
        default=False, description="also send results as soon as they leave the workers, as `preview`, without ids"
    )


@router.get(
    "/events",
    operation_id="watch_video",
    summary="Results and states as they come",
    status_code=200,
    response_class=EventResponse,
    responses={**STREAM, **documented(404, 429)},
)
async def events(
    services: ServicesDep,
    video: KnownVideo,
    params: Annotated[EventParams, Query()],
    last_event_id: Annotated[
        str | None,
        Header(max_length=ID_LENGTH, description="the id of the last event received; the events behind it follow"),
    ] = None,
) -> Response:
    """Server-sent events: `result` is a row as in the results, `state` says the state, the counts and the progress.

    Events with an id come in one fixed order, by attempt, frame number and task; each is sent once. A `state` without
    an id brings newer counts, or says `deleted`. The stream ends when the video has ended.
    """
    place = _place(video, last_event_id or params.last_event_id)
    if params.newest and place == EventPlace():
        newest = await run_in_threadpool(newest_place, services.results, video)
        place = newest or place
    if nothing_follows(place, video):
        return Response(status_code=204)
    services.events.enter()
    return EventResponse(services.events, EventStream(services, video, place, params.previews).chunks())


def _place(video: Video, text: str | None) -> EventPlace:
    if not text:
        return EventPlace()
    try:
        return parse_id(text, video)
    except UnknownEventId as e:
        raise RequestValidationError(
            [{"loc": ("header", "Last-Event-ID"), "msg": str(e), "type": "value_error"}]
        ) from e
