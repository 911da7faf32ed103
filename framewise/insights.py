"""Owns the answers to questions about many frames: summaries, searches, comparisons."""

from datetime import datetime
from typing import Any

from pydantic import Field

from framewise.answers import Answer


class Segment(Answer):
    """A stretch of time in which a label is there, in seconds of media time; both ends included."""

    from_: float = Field(alias="from")
    to: float
    frame_from: int
    frame_to: int
    frames: int
    max_confidence: float


class LabelSummary(Answer):
    """A label of a task: in how many frames, when, how surely, and for how many seconds in all."""

    label: str
    frames: int
    detections: int
    first_media_time: float
    last_media_time: float
    max_confidence: float
    best_frame: int = 0
    best_media_time: float = 0.0
    mean_confidence: float
    most_at_once: int
    dwell_seconds: float
    segments: list[Segment] = Field(default=[])
    segments_total: int = 0


class Failure(Answer):
    """A frame that failed, as a whole or in these tasks, and the first reason."""

    frame_number: int
    media_time: float
    reason: str | None = None
    tasks: list[str] = Field(default=[])


class TaskSummary(Answer):
    """A task and its labels, those in most frames first."""

    task: str
    frames: int
    models: list[dict[str, Any]] = Field(default=[])
    labels: list[LabelSummary] = Field(default=[])


class ColorSummary(Answer):
    """A main colour, `#rrggbb`, with its share (0–1) of all pixels."""

    color: str
    share: float
    frames: int


class Summary(Answer):
    """What was found in a video; `emotions` are shares over time, as the service gives them."""

    video_id: str
    complete: bool
    tasks: list[TaskSummary]
    emotions: dict[str, Any] = Field(default={})
    colors: list[ColorSummary] = Field(default=[])


class Found(Answer):
    """A label that a model found in a video."""

    video_id: str
    video_name: str
    status: str
    created_at: datetime
    task: str
    model: str
    label: str
    frames: int
    first_media_time: float
    last_media_time: float
    max_confidence: float
    results_url: str = ""


class FramesWith(Answer):
    """Compared frames with a label: how many, and where."""

    frames: int
    ranges: list[dict[str, int]] = Field(default=[])


class LabelComparison(Answer):
    """A label in the compared frames of both videos."""

    label: str
    in_both: FramesWith
    only_in_a: FramesWith
    only_in_b: FramesWith
    detections_a: int = 0
    detections_b: int = 0
    mean_confidence_change: float | None = None


class TaskComparison(Answer):
    """A task in both videos; labels with most changes first."""

    task: str
    compared_frames: int
    labels: list[LabelComparison]


class Comparison(Answer):
    """What changed from video a to video b, by frame number."""

    a: str
    b: str
    same_source: bool
    complete: bool
    tasks: list[TaskComparison]


class LabelInsight(Answer):
    """A label over all videos in a span of wall-clock time."""

    task: str
    label: str
    detections: int
    frames: int
    videos: int
    max_confidence: float
    first_at: datetime
    last_at: datetime


class LabelSeries(Answer):
    """A label step by step."""

    task: str
    label: str
    detections: list[int]


class Insights(Answer):
    """What was found over all videos by wall clock; `by_weekday_and_hour` has a row of 24 for each day from Monday."""

    from_: datetime = Field(alias="from")
    to: datetime
    timezone: str
    step: str
    complete: bool
    detections: int
    labels: list[LabelInsight]
    steps: list[datetime]
    over_time: list[LabelSeries]
    others: list[int] = Field(default=[])
    by_video: list[dict[str, Any]] = Field(default=[])
    by_camera: list[dict[str, Any]] = Field(default=[])
    by_weekday_and_hour: list[list[int]] = Field(default=[])
