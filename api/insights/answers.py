"""Owns the bodies of summaries, searches and comparisons."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from api.responses import Answer
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import VideoStatus

VIDEO = "0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11"
OTHER = "5d2e8f64-1c0b-4b5a-9d43-70c2a8f1b6de"
SEGMENT: dict[str, JsonValue] = {
    "from": 2.0,
    "to": 14.8,
    "frame_from": 51,
    "frame_to": 371,
    "frames": 31,
    "max_confidence": 0.94,
}
LABEL: dict[str, JsonValue] = {
    "label": "dog", "frames": 31, "detections": 35, "first_media_time": 2.0, "last_media_time": 14.8,
    "max_confidence": 0.94, "best_frame": 171, "best_media_time": 6.8, "mean_confidence": 0.71,
    "most_at_once": 2, "dwell_seconds": 12.8, "segments": [SEGMENT], "segments_total": 1, "segments_cut": False,
}  # fmt: skip
MODEL: dict[str, JsonValue] = {"model": "yolox_nano", "model_digest": "c789161b", "frames": 148, "failed": 0}


class SegmentAnswer(Answer):
    """A stretch of time in which a label is there; both ends included."""

    from_: float = Field(serialization_alias="from", description="seconds of media time")
    to: float = Field(description="seconds of media time")
    frame_from: int
    frame_to: int
    frames: int = Field(description="frames with the label in it")
    max_confidence: float


class LabelSummary(Answer):
    """A label of a task."""

    label: str
    frames: int = Field(description="frames in which it was found")
    detections: int = Field(description="findings in all")
    first_media_time: float = Field(description="seconds")
    last_media_time: float = Field(description="seconds")
    max_confidence: float
    best_frame: int = Field(description="number of the first frame with the highest confidence; 0 where that is 0")
    best_media_time: float = Field(description="of that frame, seconds")
    mean_confidence: float
    most_at_once: int = Field(description="the most findings in one frame")
    dwell_seconds: float = Field(description="length of all segments; a single frame counts as one sampling interval")
    segments: list[SegmentAnswer] = Field(description="the first 100")
    segments_total: int
    segments_cut: bool = Field(description="whether there are more segments than are listed")


class ModelSummary(Answer):
    """A model that answered for a task."""

    model: str
    model_digest: str
    frames: int = Field(description="frames in which it answered")
    failed: int = Field(description="frames in which it failed")


class TaskSummary(Answer):
    """A task: its models, and the labels in most frames first. Colours are under `colors`."""

    task: TaskName
    frames: int
    models: list[ModelSummary]
    labels: list[LabelSummary] = Field(description="at most 200")
    labels_cut: bool = Field(description="whether there are more labels than are listed")


class EmotionStep(Answer):
    """A part of the video: how many faces were looked at in it, and the share of each emotion among them."""

    from_: float = Field(serialization_alias="from", description="seconds of media time, included")
    to: float = Field(description="seconds of media time, not included")
    faces: int
    shares: dict[str, float]


class EmotionsSummary(Answer):
    """Emotions over time: at most 60 steps of equal length; those without faces are left out."""

    step_seconds: float
    steps: list[EmotionStep]


class ColorSummary(Answer):
    """A main colour, as the nearest of 216 on an even grid (each channel a multiple of 0x33)."""

    color: str = Field(description="#rrggbb")
    share: float = Field(description="of all pixels of the frames that were looked at")
    frames: int


class FramesSummarised(Answer):
    """The frames behind a summary."""

    stored: int = Field(description="frames with an outcome, the failed ones included")
    left_out: int = Field(description="frames that are not in the summary yet; ask again in some seconds")


class SummaryAnswer(Answer):
    """What was found in a video, by task and label."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "video_id": VIDEO, "complete": True, "gap_seconds": 2.0, "interval_seconds": 0.4,
                    "frames": {"stored": 148, "left_out": 0},
                    "tasks": [
                        {"task": "objects_detection", "frames": 148, "models": [MODEL], "labels": [LABEL],
                         "labels_cut": False}
                    ],
                    "emotions": {"step_seconds": 2.0, "steps": [
                        {"from": 0.0, "to": 2.0, "faces": 6, "shares": {"happy": 0.5, "neutral": 0.5}}
                    ]},
                    "colors": [{"color": "#336699", "share": 0.41, "frames": 140}],
                }
            ]
        }
    )  # fmt: skip

    video_id: UUID
    complete: bool = Field(description="whether the video has ended and every frame is in the summary")
    gap_seconds: float = Field(description="two frames that far apart are in one segment still")
    interval_seconds: float = Field(description="time from one sampled frame to the next")
    frames: FramesSummarised
    tasks: list[TaskSummary]
    emotions: EmotionsSummary
    colors: list[ColorSummary] = Field(description="those with the largest shares, at most 12")


class SearchItem(Answer):
    """A label that a model found in a video."""

    video_id: UUID
    video_name: str
    status: VideoStatus
    created_at: datetime
    task: TaskName
    model: str
    label: str = Field(description="a colour is the nearest of 216 on an even grid")
    frames: int = Field(description="frames in which it was found, however surely")
    first_media_time: float = Field(description="seconds")
    last_media_time: float = Field(description="seconds")
    max_confidence: float
    results_url: str = Field(description="the rows with this label")


class SearchAnswer(Answer):
    """A page of what was found, newest video first; a page may hold fewer than `limit` and still have a next one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "video_id": VIDEO, "video_name": "Street, Monday", "status": "completed",
                            "created_at": "2026-11-21T10:00:00Z", "task": "objects_detection", "model": "yolox_nano",
                            "label": "dog", "frames": 31, "first_media_time": 2.0, "last_media_time": 14.8,
                            "max_confidence": 0.94,
                            "results_url": f"/analysis/{VIDEO}/results?task=objects_detection&label=dog",
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )  # fmt: skip

    items: list[SearchItem]
    next_cursor: str | None


class FrameSpan(Answer):
    """Frames by number, both ends included; frames between them that were compared belong to it too."""

    from_: int = Field(serialization_alias="from")
    to: int
    frames: int = Field(description="compared frames in it")


class FramesWith(Answer):
    """Compared frames with a label: how many, and where."""

    frames: int
    ranges: list[FrameSpan] = Field(description="the first 50")
    ranges_cut: bool


class LabelComparison(Answer):
    """A label in the compared frames of both videos."""

    label: str
    in_both: FramesWith
    only_in_a: FramesWith
    only_in_b: FramesWith
    detections_a: int
    detections_b: int
    more_in_a: int = Field(description="frames in which a has more of it")
    more_in_b: int = Field(description="frames in which b has more of it")
    mean_confidence_change: float | None = Field(
        description="b's highest confidence in a frame less a's, the mean over frames in both; null without such"
    )


class ComparedModel(Answer):
    """A model that answered for a task in one of the videos."""

    model: str
    model_digest: str


class ComparedSide(Answer):
    """What one of the videos did for a task."""

    asked: bool = Field(description="whether the task was asked for")
    min_confidence: float | None = Field(description="as it was asked for; null takes what the model's card says")
    models: list[ComparedModel]
    frames: int = Field(description="frames that were analysed")


class TaskComparison(Answer):
    """A task in both videos. Frames are compared that both have analysed; if one alone had it, all of its own."""

    task: TaskName
    a: ComparedSide
    b: ComparedSide
    compared_frames: int
    labels: list[LabelComparison] = Field(description="those with most changes first, at most 200")
    labels_cut: bool


class ComparisonAnswer(Answer):
    """What changed from video a to video b, by frame number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "a": VIDEO, "b": OTHER, "same_source": True, "complete": True, "left_out": 0,
                    "tasks": [
                        {
                            "task": "objects_detection",
                            "a": {"asked": True, "min_confidence": None, "frames": 148,
                                  "models": [{"model": "yolox_nano", "model_digest": "c789161b"}]},
                            "b": {"asked": True, "min_confidence": 0.6, "frames": 148,
                                  "models": [{"model": "yolox_nano", "model_digest": "c789161b"}]},
                            "compared_frames": 148,
                            "labels": [
                                {
                                    "label": "dog",
                                    "in_both": {"frames": 20, "ranges": [{"from": 51, "to": 251, "frames": 20}],
                                                "ranges_cut": False},
                                    "only_in_a": {"frames": 11, "ranges": [{"from": 261, "to": 371, "frames": 11}],
                                                  "ranges_cut": False},
                                    "only_in_b": {"frames": 0, "ranges": [], "ranges_cut": False},
                                    "detections_a": 35, "detections_b": 21, "more_in_a": 13, "more_in_b": 0,
                                    "mean_confidence_change": 0.0,
                                }
                            ],
                            "labels_cut": False,
                        }
                    ],
                }
            ]
        }
    )  # fmt: skip

    a: UUID
    b: UUID
    same_source: bool = Field(
        description="whether both come from the same bytes or address; if not, equal numbers are not equal pictures"
    )
    complete: bool = Field(description="whether both have ended and every frame was looked at")
    left_out: int = Field(description="frames that are not in the comparison yet; ask again in some seconds")
    tasks: list[TaskComparison]
