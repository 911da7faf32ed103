"""Owns what is found in a frame: boxes, detections, and what each model said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class TaskName(StrEnum):
    """What a user can ask for."""

    FACES = "faces_detection"
    EMOTIONS = "emotions_detection"
    OBJECTS = "objects_detection"
    COLORS = "color_detection"
    IDENTITIES = "faces_identification"


USUAL_TASKS = tuple(task for task in TaskName if task is not TaskName.IDENTITIES)
"""What is looked for where nothing is said. Who somebody is has to be asked for, with a purpose."""

UNKNOWN = "unknown"
"""The label of a face that is nobody's of whom it is compared with."""


class ResultStatus(StrEnum):
    """Whether a model answered."""

    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Identification:
    """What identities are looked for, and why: the stated purpose, and the collections of people that are compared.

    `search` says that one embedding a track is kept, so that the video can be searched by face.
    """

    purpose: str
    collections: tuple[str, ...] = ("default",)
    search: bool = False


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task as one submission asks for it; `None` takes what the model's card says.

    `min_confidence` is 0–1; `max_batch_size` bounds how many images one call of the model gets. `identification` goes
    with the identities task, and with no other.
    """

    name: TaskName
    min_confidence: float | None = None
    max_batch_size: int | None = None
    identification: Identification | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A box in fractions (0–1) of the upright source frame; `x`, `y` is the top-left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """`x`, `y`, `width` and `height`: how it is stored."""
        return self.x, self.y, self.width, self.height

    def shared(self, other: "Box") -> float:
        """The area that both cover."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, across) * max(0.0, down)


@dataclass(frozen=True, slots=True)
class Detection:
    """One finding. `confidence` is 0–1; a colour has no box and its share of the frame as confidence.

    `attributes` holds named numbers, such as the seven emotions of a face. `person_id` is set where the label is the
    name of a person. `embedding` (float32, of length 1) is a face's while a worker has it, where the video is to be
    searched by face; no row and no message carries it. `track_id` is joined to rows when they are read, where tracks
    are made.
    """

    label: str
    confidence: float
    box: Box | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)
    person_id: UUID | None = None
    embedding: bytes | None = field(default=None, compare=False, repr=False)
    track_id: str | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What one model said of one frame. `error` is set when, and only when, it failed."""

    task: TaskName
    model: str
    model_digest: str
    status: ResultStatus
    error: str | None
    inference_ms: float
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalyzedFrame:
    """What became of one frame: a result for each task asked for, or the reason why there is none.

    `media_time` is seconds since the video's first frame. `started_at` and `finished_at` say when the worker
    had it in hand (UTC). `error` is set when the frame as a whole could not be used.
    """

    video_id: UUID
    attempt: int
    frame_number: int
    media_time: float
    captured_at: datetime | None
    worker: str
    started_at: datetime
    finished_at: datetime
    error: str | None
    results: tuple[FrameResult, ...]

    @property
    def failed(self) -> bool:
        """Whether the frame, or any task on it, failed."""
        return self.error is not None or any(r.status is ResultStatus.FAILED for r in self.results)

    @property
    def reason(self) -> str | None:
        """The first reason for a failure."""
        return self.error or next((r.error for r in self.results if r.error), None)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A stored result: one a frame and task, as the API answers it."""

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
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model in use: what the workers loaded for a task."""

    task: TaskName
    model: str
    digest: str
    runtime: str
    labels: tuple[str, ...]
    licence: str
    min_confidence: float
    loaded_at: datetime
