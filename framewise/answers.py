"""Owns what the service answers, as values. Fields that a newer service adds are kept, not refused."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from framewise.errors import Problem

ENDED = frozenset({"completed", "failed", "cancelled"})


class Answer(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)


class FrameCounts(Answer):
    """Sampled frames: how many there are (None until the source has been read), and what became of them."""

    expected: int | None = None
    published: int = 0
    done: int = 0
    failed: int = 0
    dropped: int = 0


class Stage(Answer):
    """A part of the work: `waiting`, `running`, `done` or `stopped`, and when it began and ended."""

    name: str
    state: str
    started_at: datetime | None = None
    finished_at: datetime | None = None


class MissingRange(Answer):
    """Sampled frames without an outcome, by frame number, both ends included."""

    from_: int = Field(alias="from")
    to: int


class Gap(Answer):
    """A time (UTC) of which a live video has no frames, and why; `to` is None while it lasts."""

    from_: datetime = Field(alias="from")
    to: datetime | None = None
    reason: str


class Endpoint(Answer):
    """Where to publish a live stream: what OBS asks for, and both in one address. The key is shown this once."""

    video_id: str
    server: str
    stream_key: str
    rtmp_endpoint: str
    expires_at: datetime


class Video(Answer):
    """A video and how it stands. `progress` is 0–1, None while it cannot be known; times are seconds."""

    video_id: str
    video_name: str
    video_url: str | None = None
    source: str
    status: str
    models_to_run: list[dict[str, Any]] = []
    frame_step: int | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: float | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    frames: FrameCounts = FrameCounts()
    missing: list[MissingRange] = []
    gaps: list[Gap] = []
    connected: bool | None = None
    lag_seconds: float | None = None
    keep: str | None = None
    warnings: list[str] = []
    stages: list[Stage] = []
    progress: float | None = None
    rate: float | None = None
    eta_seconds: float | None = None
    position: int | None = None
    error: Problem | None = None
    parent_id: str | None = None
    tags: list[str] = []
    external_id: str | None = None
    identification: dict[str, Any] | None = None
    status_url: str = ""
    results_url: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED


class Publish(Answer):
    """Where a camera's pictures are published: brokers as Kafka's clients take them, the topic, and of every record
    the key (hexadecimal) and these headers.
    """

    bootstrap: str
    topic: str
    key: str = ""
    headers: dict[str, str] = {}


class Camera(Video):
    """A video whose pictures are published by a camera elsewhere, and where to."""

    camera_id: str
    publish: Publish


class Box(Answer):
    """Fractions (0–1) of the upright frame; `x`, `y` is the top-left corner."""

    x: float
    y: float
    width: float
    height: float


class Detection(Answer):
    """One finding. A colour is `#rrggbb` with its share of the frame as confidence, and no box."""

    label: str
    confidence: float
    box: Box | None = None
    attributes: dict[str, float] = {}
    person_id: str | None = None
    track_id: str | None = None


class Result(Answer):
    """What one model said of one frame."""

    video_id: str
    frame_number: int
    media_time: float
    captured_at: datetime | None = None
    task: str
    model: str
    model_digest: str = ""
    status: str
    error: str | None = None
    inference_ms: float = 0.0
    worker: str = ""
    frame_url: str = ""
    detections: list[Detection] = []


class Model(Answer):
    """The model that the workers use for a task; None where none has been loaded yet."""

    task: str
    model: str | None = None
    digest: str | None = None
    runtime: str | None = None
    labels: list[str] = []
    licence: str | None = None
    min_confidence: float | None = None
    loaded_at: datetime | None = None


class Event(Answer):
    """An event of a video: `result`, `state` or `preview`. Those with an id can be resumed from."""

    id: str | None = None
    type: str
    data: Any

    @property
    def last(self) -> bool:
        """Whether the video has ended or is gone, so that no event follows."""
        return self.type == "state" and isinstance(self.data, dict) and self.data.get("status") in {*ENDED, "deleted"}
