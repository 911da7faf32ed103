"""Owns the failed frames of a video: which they are, and why."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api import cursors
from api.dependencies import KnownVideo, ServicesDep
from api.examples import VIDEO_ID
from api.problems import documented
from api.services import Services
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import ResultStatus, TaskName
from pipeline.contracts.videos import Video
from pipeline.stores.results import LedgerEntry

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
EXAMPLE: JsonValue = {
    "items": [
        {
            "frame_number": 51,
            "media_time": 2.0,
            "reason": "the picture cannot be decoded",
            "tasks": ["faces_detection"],
            "results_url": f"/analysis/{VIDEO_ID}/frame/51/results",
        }
    ],
    "next_cursor": None,
}


class FailedFrame(BaseModel):
    """A sampled frame that could not be analysed, or not for every task."""

    frame_number: int
    media_time: float = Field(description="seconds")
    reason: str | None = Field(description="the first reason; null where none was recorded")
    tasks: list[TaskName] = Field(description="those that failed; none where the frame as a whole could not be used")
    results_url: str = Field(description="what the tasks said of it")


class FailuresAnswer(BaseModel):
    """A page of failed frames, by frame number. Frames whose results were cleared are not among them any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    items: list[FailedFrame]
    next_cursor: str | None


class FailureParams(BaseModel):
    """Which failed frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


@router.get(
    "/failures",
    operation_id="list_failures",
    summary="The frames that failed, and why",
    responses=documented(404),
)
def list_failures(
    services: ServicesDep, video: KnownVideo, params: Annotated[FailureParams, Query()]
) -> FailuresAnswer:
    """A frame has failed when it could not be read, or when one of the tasks failed on it."""
    bound_to = cursors.fingerprint("failures", video.video_id)
    [after] = cursors.decode(params.cursor, bound_to, int) if params.cursor else [0]
    found = _failed(services, video, after, params.limit + 1)
    shown, more = found[: params.limit], len(found) > params.limit
    return FailuresAnswer(
        items=[_failure(services, video, entry) for entry in shown],
        next_cursor=cursors.encode([shown[-1].frame_number], bound_to) if more else None,
    )


def _failed(services: Services, video: Video, after: int, limit: int) -> list[LedgerEntry]:
    """The first failed frames behind a number; only buckets that count failures are read."""
    found: list[LedgerEntry] = []
    for summary in services.results.summaries(video.video_id):
        if summary.count.failed and summary.bucket >= bucket_of(after + 1):
            entries = services.results.entries(video.video_id, summary.bucket)
            found += [entry for entry in entries if entry.failed and entry.frame_number > after]
        if len(found) >= limit:
            break
    return found[:limit]


def _failure(services: Services, video: Video, entry: LedgerEntry) -> FailedFrame:
    rows = services.results.frame(video.video_id, entry.frame_number)
    return FailedFrame(
        frame_number=entry.frame_number,
        media_time=entry.media_time,
        reason=entry.error,
        tasks=[row.task for row in rows if row.status is ResultStatus.FAILED],
        results_url=f"/analysis/{video.video_id}/frame/{entry.frame_number}/results",
    )
