"""Owns the body of insights."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.trends.steps import Step
from pipeline.contracts.results import TaskName

VIDEO = "0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11"
NO_WEEK: JsonValue = [[0] * 24 for _ in range(5)]
SATURDAY: JsonValue = [35 if hour == 10 else 14 if hour == 11 else 0 for hour in range(24)]
EXAMPLE: dict[str, JsonValue] = {
    "from": "2026-11-21T10:00:00Z", "to": "2026-11-21T12:00:00Z", "timezone": "UTC", "step": "hour",
    "complete": True, "left_out": {"frames": 0, "videos_before": None},
    "videos": {"counted": 1, "live": 1, "files": 0}, "detections": 49,
    "labels": [
        {"task": "objects_detection", "label": "dog", "detections": 49, "frames": 44, "videos": 1,
         "max_confidence": 0.94, "first_at": "2026-11-21T10:02:11Z", "last_at": "2026-11-21T11:40:03Z"}
    ],
    "labels_cut": False,
    "steps": ["2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"],
    "over_time": [{"task": "objects_detection", "label": "dog", "detections": [35, 14]}],
    "others": [0, 0],
    "by_video": [{"video_id": VIDEO, "video_name": "Yard", "camera": "device:front", "detections": 49}],
    "by_video_cut": False,
    "by_camera": [{"camera": "device:front", "videos": 1, "detections": 49}],
    "by_weekday_and_hour": [*NO_WEEK, SATURDAY, [0] * 24],  # type: ignore[misc]
}  # fmt: skip


class LeftOut(BaseModel):
    """What is not counted."""

    frames: int = Field(description="frames that are not counted yet; ask again in some seconds, or for a shorter span")
    videos_before: datetime | None = Field(
        description="videos submitted before it were not looked at, since there are too many; null if all were"
    )


class VideosCounted(BaseModel):
    """How many videos had something to count."""

    counted: int
    live: int = Field(description="whose frames count at the time of their capture")
    files: int = Field(description="whose frames count at the time of submission and their media time after it")


class LabelInsight(BaseModel):
    """A label in the whole span."""

    task: TaskName
    label: str = Field(description="a colour is the nearest of 216 on an even grid")
    detections: int = Field(description="findings, one for each in each frame")
    frames: int = Field(description="frames in which it was found")
    videos: int
    max_confidence: float
    first_at: datetime
    last_at: datetime


class LabelSeries(BaseModel):
    """A label step by step."""

    task: TaskName
    label: str
    detections: list[int] = Field(description="in each of `steps`")


class VideoInsight(BaseModel):
    """A video in the whole span."""

    video_id: UUID
    video_name: str
    camera: str | None = Field(description="of a live stream: its address, or its name where it was published")
    detections: int


class CameraInsight(BaseModel):
    """The live streams of one camera in the whole span."""

    camera: str
    videos: int
    detections: int


Hours = Annotated[list[int], Field(min_length=24, max_length=24)]


class InsightsAnswer(BaseModel):
    """What was found by wall clock, over all videos."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    from_: datetime = Field(serialization_alias="from")
    to: datetime
    timezone: str
    step: Step
    complete: bool = Field(description="whether everything that was found in the span is counted")
    left_out: LeftOut
    videos: VideosCounted
    detections: int
    labels: list[LabelInsight] = Field(description="those with most detections first, at most 100")
    labels_cut: bool = Field(description="whether there are more labels than are listed")
    steps: list[datetime] = Field(description="the begin of each step; the first may be before `from`")
    over_time: list[LabelSeries] = Field(description="of the first labels, at most 12")
    others: list[int] = Field(description="detections of all other labels in each of `steps`")
    by_video: list[VideoInsight] = Field(description="those with most detections first, at most 50")
    by_video_cut: bool
    by_camera: list[CameraInsight] = Field(description="of live streams alone, those with most detections first")
    by_weekday_and_hour: Annotated[list[Hours], Field(min_length=7, max_length=7)] = Field(
        description="detections by weekday, Monday first, and hour of day, by the clocks of `timezone`"
    )
