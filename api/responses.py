"""Owns the bodies that the service answers with."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.examples import HEALTH, MODELS, READY, RESULT, RESULTS, VIDEO, VIDEOS
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import ResultStatus, TaskName
from pipeline.contracts.videos import KeepFrames, SourceKind, VideoStatus


class Answer(BaseModel):
    """A body that is read from the attributes of what it is about."""

    model_config = ConfigDict(from_attributes=True)


class TaskAnswer(Answer):
    """A task as it was asked for; null takes what the model's card says."""

    name: TaskName
    min_confidence: float | None
    max_batch_size: int | None


class IdentificationAnswer(Answer):
    """Why people are identified, with which collections they are compared, and whether it can be searched by face."""

    purpose: str
    collections: list[str]
    search: bool


class FrameCounts(Answer):
    """Sampled frames: how many there are (null until the source has been read), and what became of them."""

    expected: int | None
    published: int
    done: int
    failed: int
    dropped: int


class MissingRange(Answer):
    """Sampled frames without an outcome, by frame number, both ends included."""

    from_: int = Field(serialization_alias="from")
    to: int


class GapAnswer(Answer):
    """A time of which a live video has no frames, and why; `to` is null while it lasts."""

    from_: datetime = Field(serialization_alias="from")
    to: datetime | None
    reason: str


class Stage(Answer):
    """A part of the work, and when it began and ended."""

    name: Literal["downloading", "decoding", "analysing", "storing"]
    state: Literal["waiting", "running", "done", "stopped"]
    started_at: datetime | None
    finished_at: datetime | None


class ProblemAnswer(Answer):
    """Why a video failed."""

    type: str
    title: str
    detail: str


class VideoAnswer(Answer):
    """A video and how it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [VIDEO]})

    video_id: UUID
    video_name: str
    video_url: str | None
    source: SourceKind
    status: VideoStatus
    models_to_run: list[TaskAnswer]
    frame_step: int | None
    frame_ratio: float | None
    sample_seconds: float | None
    start_time: float | None
    end_time: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration: float | None = Field(description="seconds")
    fps: float | None
    width: int | None
    height: int | None
    codec: str | None = Field(default=None, description="of the source, such as h264; null until it has been read")
    frames: FrameCounts
    missing: list[MissingRange]
    gaps: list[GapAnswer] = Field(
        default=[], description="times without frames of a live video: the newest hundred, oldest first"
    )
    connected: bool | None = Field(
        default=None, description="whether the source of a live video sends now; null where none is asked"
    )
    lag_seconds: float | None = Field(
        default=None, description="of a live video, the age of the oldest frame that waits for the analysis"
    )
    keep: KeepFrames | None = Field(
        default=None, description="what becomes of a live video's frames when the analysis falls behind"
    )
    warnings: list[str]
    stages: list[Stage]
    progress: float | None = Field(description="0–1; null while it cannot be known")
    rate: float | None = Field(default=None, description="frames a second lately; null while it is not known")
    position: int | None = Field(default=None, description="1 for the pending video that is taken next")
    eta_seconds: float | None = Field(
        description="until it has ended, by the measured rate and the queue before it; null while that is not known"
    )
    error: ProblemAnswer | None
    parent_id: UUID | None = None
    tags: list[str]
    external_id: str | None
    callback_url: str | None = Field(default=None, description="without user, password and query")
    store_frames: StoreFrames = Field(default=StoreFrames.FULL, description="what is kept of the frames")
    identification: IdentificationAnswer | None = Field(
        default=None, description="whom its faces are compared with and why; null where nobody is identified"
    )
    attempt: int = Field(default=1, description="1, and one more with every retry")
    status_url: str
    results_url: str


class VideosAnswer(Answer):
    """A page of videos, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [VIDEOS]})

    items: list[VideoAnswer]
    next_cursor: str | None


class BoxAnswer(Answer):
    """Fractions (0–1) of the upright frame; `x`, `y` is the top-left corner."""

    x: float
    y: float
    width: float
    height: float


class DetectionAnswer(Answer):
    """One finding. A colour is `#rrggbb` with its share of the frame as confidence, and no box."""

    label: str
    confidence: float
    box: BoxAnswer | None
    attributes: dict[str, float]
    person_id: UUID | None = Field(
        default=None, exclude_if=lambda value: value is None, description="of the person whose name the label is"
    )
    track_id: str | None = Field(
        default=None, exclude_if=lambda value: value is None, description="of the track it belongs to, once it is made"
    )


class ResultAnswer(Answer):
    """What one model said of one frame."""

    model_config = ConfigDict(json_schema_extra={"examples": [RESULT]})

    video_id: UUID
    frame_number: int
    media_time: float
    captured_at: datetime | None
    task: TaskName
    model: str
    model_digest: str
    status: ResultStatus
    error: str | None
    inference_ms: float
    worker: str
    frame_url: str
    detections: list[DetectionAnswer]


class ResultsAnswer(Answer):
    """A page of results by frame number. `complete` says that nothing will be added."""

    model_config = ConfigDict(json_schema_extra={"examples": [RESULTS]})

    items: list[ResultAnswer]
    next_cursor: str | None
    complete: bool


class ModelAnswer(Answer):
    """The model that the workers use for a task; null fields mean that none has been loaded yet."""

    task: TaskName
    model: str | None
    digest: str | None
    runtime: str | None
    labels: list[str]
    licence: str | None
    min_confidence: float | None
    loaded_at: datetime | None


class ModelsAnswer(Answer):
    """The tasks and their models."""

    model_config = ConfigDict(json_schema_extra={"examples": [MODELS]})

    items: list[ModelAnswer]


class PushedAnswer(Answer):
    """What became of a picture that was sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"waiting": 1, "dropped": 0}]})

    waiting: int = Field(description="pictures of this video that ingest has not taken yet")
    dropped: int = Field(description="older ones that went because too many waited")


class CheckAnswer(Answer):
    """What a server said to a real question."""

    ok: bool
    detail: str


class HealthAnswer(Answer):
    """Whether the service runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [HEALTH]})

    status: Literal["ok"] = "ok"


class ReadyAnswer(Answer):
    """Whether the service can do its work, and what each server said."""

    model_config = ConfigDict(json_schema_extra={"examples": [READY]})

    status: Literal["ready", "not ready"]
    checks: dict[str, CheckAnswer]
