"""Owns what events look like: their data, and their form on the wire."""

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.events.cursor import EventPlace, event_id, row_place
from api.responses import FrameCounts, ProblemAnswer, VideoAnswer
from api.views import result_answer
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import VideoStatus
from pipeline.stores.results import rows_of
from pipeline.stores.rows import WrittenRow

PING = b": still here\n\n"
OPENING = b": events\nretry: 1000\n\n"
OUTCOME = TypeAdapter(AnalyzedFrame)


class StateAnswer(BaseModel):
    """The data of an event `state`; of a video that was deleted nothing else is known."""

    video_id: UUID
    status: VideoStatus | Literal["deleted"]
    attempt: int | None = Field(default=None, description="1, and one more with each retry")
    frames: FrameCounts | None = None
    progress: float | None = Field(default=None, description="0–1; null while it cannot be known")
    eta_seconds: float | None = None
    error: ProblemAnswer | None = Field(default=None, description="why it failed")

    @classmethod
    def of(cls, video: VideoAnswer, attempt: int) -> "StateAnswer":
        """What of a video is said in an event."""
        return cls(
            video_id=video.video_id,
            status=video.status,
            attempt=attempt,
            frames=video.frames,
            progress=video.progress,
            eta_seconds=video.eta_seconds,
            error=video.error,
        )


def state_event(state: StateAnswer, place: EventPlace | None = None) -> bytes:
    """An event `state`; with an id when the state is a new one."""
    known = event_id(state.video_id, place) if place is not None else None
    return format_sse_event(data_str=state.model_dump_json(), event="state", id=known)


def result_events(rows: Iterable[WrittenRow]) -> bytes:
    """Events `result`, each with its id."""
    return b"".join(
        format_sse_event(
            data_str=result_answer(written.row).model_dump_json(),
            event="result",
            id=event_id(written.row.video_id, row_place(written)),
        )
        for written in rows
    )


def preview_events(outcome: bytes) -> bytes:
    """Events `preview`, without ids, of a record of the topic `results`; nothing of one that cannot be read."""
    try:
        frame = OUTCOME.validate_json(outcome)
    except ValidationError:
        return b""
    rows = (result_answer(row).model_dump_json() for row in rows_of(frame))
    return b"".join(format_sse_event(data_str=row, event="preview") for row in rows)
