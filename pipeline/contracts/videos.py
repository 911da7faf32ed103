"""Owns a video: what was asked, the states it goes through, and how its frames are counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pipeline.contracts.errors import Conflict, Problem
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Identification, TaskRequest


class VideoStatus(StrEnum):
    """The states of a video."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in TERMINAL


TERMINAL = frozenset({VideoStatus.COMPLETED, VideoStatus.FAILED, VideoStatus.CANCELLED})

RETRIABLE = frozenset({VideoStatus.FAILED, VideoStatus.CANCELLED})
"""The states from which a person may have a video tried again. It is pending then, in a new attempt."""

TRANSITIONS: dict[VideoStatus, frozenset[VideoStatus]] = {
    VideoStatus.PENDING: frozenset({VideoStatus.PROCESSING, VideoStatus.FAILED, VideoStatus.CANCELLED}),
    VideoStatus.PROCESSING: TERMINAL,
    VideoStatus.COMPLETED: frozenset(),
    VideoStatus.FAILED: frozenset(),
    VideoStatus.CANCELLED: frozenset(),
}


def check_transition(current: VideoStatus, wanted: VideoStatus) -> None:
    """Raise Conflict unless a video may go from `current` to `wanted`."""
    if wanted not in TRANSITIONS[current]:
        raise Conflict(f"a video that is {current} cannot become {wanted}")


def predecessors(wanted: VideoStatus) -> tuple[VideoStatus, ...]:
    """The states from which a video may become `wanted`."""
    return tuple(current for current, following in TRANSITIONS.items() if wanted in following)


class SourceKind(StrEnum):
    """Where a video comes from."""

    URL = "url"
    UPLOAD = "upload"
    RTMP = "rtmp"
    STREAM = "stream"
    RERUN = "rerun"


LIVE = frozenset({SourceKind.RTMP, SourceKind.STREAM})
"""The sources that go on while they are analysed, and of which nothing can be read a second time."""


class KeepFrames(StrEnum):
    """What is kept of a live video when the analysis falls behind: its newest frames, or all of them, in a buffer."""

    NEWEST = "newest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames are taken: by step, by ratio (0–1], or every so many seconds. The first is always taken.

    Exactly one of the three is set. `start_time` and `end_time` are seconds of media time.
    """

    frame_step: int | None = 1
    frame_ratio: float | None = None
    sample_seconds: float | None = None
    start_time: float | None = None
    end_time: float | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.frame_step, self.frame_ratio, self.sample_seconds) if v is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of frame_step, frame_ratio and sample_seconds")
        if self.frame_step is not None and self.frame_step < 1:
            raise ValueError("frame_step must be 1 or more")
        if self.frame_ratio is not None and not 0 < self.frame_ratio <= 1:
            raise ValueError("frame_ratio must be above 0 and at most 1")
        if self.sample_seconds is not None and not self.sample_seconds > 0:
            raise ValueError("sample_seconds must be above 0")
        if self.start_time is not None and self.start_time < 0:
            raise ValueError("start_time must not be negative")
        if self.end_time is not None and self.end_time <= (self.start_time or 0):
            raise ValueError("end_time must be after start_time")


@dataclass(frozen=True, slots=True)
class Video:
    """One submission and its state. Only lightweight transactions write what is stored of it.

    `source_url` is what ingest fetches and may hold a password; it is never shown. `attempt_timestamp`
    (microseconds since 1970) is the write timestamp of every row of this attempt. `parent_id` is the video whose stored
    frames are analysed again. `key_id` names the API key that submitted it, None where none is needed. `request_id` is
    the request's, and `traceparent` (W3C Trace Context) the trace's that its logs and spans belong to. `keep` says what
    becomes of a live video's frames when the analysis falls behind. Since `veiled_at` all faces are hidden in what is
    stored of it, because somebody was erased who was found in it.
    """

    video_id: UUID
    status: VideoStatus
    source: SourceKind
    source_url: str
    video_name: str
    tasks: tuple[TaskRequest, ...]
    sampling: Sampling
    created_at: datetime
    attempt: int = 1
    attempt_timestamp: int = 0
    max_duration: float | None = None
    external_id: str | None = None
    tags: frozenset[str] = frozenset()
    callback_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    frames_expected: int | None = None
    last_frame_number: int | None = None
    error: Problem | None = None
    store_frames: StoreFrames = StoreFrames.FULL
    parent_id: UUID | None = None
    key_id: str | None = None
    request_id: str | None = None
    traceparent: str | None = None
    keep: KeepFrames = KeepFrames.NEWEST
    veiled_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it comes from a source that goes on while it is analysed."""
        return self.source in LIVE

    @property
    def identification(self) -> Identification | None:
        """Whom it is compared with and why; None where nobody is identified."""
        return next((task.identification for task in self.tasks if task.identification is not None), None)

    @property
    def needs_source(self) -> bool:
        """Whether its file is read still, or may be again: what was uploaded cannot be fetched a second time."""
        return not self.status.terminal or (self.source is SourceKind.UPLOAD and self.status in RETRIABLE)

    def tried_again(self, now: int) -> "Video":
        """The video in its next attempt, for write timestamps from `now` (microseconds) on."""
        return replace(
            self,
            status=VideoStatus.PENDING,
            attempt=self.attempt + 1,
            attempt_timestamp=max(now, self.attempt_timestamp + ATTEMPT_GAP),
            started_at=None,
            finished_at=None,
            frames_expected=None,
            last_frame_number=None,
            error=None,
        )


ATTEMPT_GAP = 10
"""Microseconds between two attempts: there is room for failures, which are older, and for what deletes earlier rows."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time (UTC) of which a live video has no frames, and why; `ended_at` is None while it lasts."""

    started_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class SourceProgress:
    """What ingest knows and has done: the probe, what is published, and when each stage began and ended.

    `published_through` is the highest frame number up to which every sampled frame has been acknowledged in `attempt`.

    Of a live video: `gaps` are the newest ones, oldest first; `lag_seconds` is the age of the oldest frame that waits
    for its outcome; `connected` says whether its source sends now; `numbered_through` is the highest frame number that
    may have been given away, so that no later connection, process or attempt gives it again; `first_captured_at` is
    what its media times count from. Where its pictures come from a topic, `source_position` is where that is read on
    from, `source_number` the frame number of the picture before, and `source_newest` the newest time of capture so far.
    """

    duration: float | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    sha256: str | None = None
    frames_decoded: int = 0
    frames_published: int = 0
    frames_dropped: int = 0
    published_through: int = 0
    warnings: tuple[str, ...] = ()
    download_started_at: datetime | None = None
    download_finished_at: datetime | None = None
    decode_started_at: datetime | None = None
    decode_finished_at: datetime | None = None
    attempt: int = 1
    gaps: tuple[Gap, ...] = ()
    lag_seconds: float | None = None
    connected: bool | None = None
    numbered_through: int = 0
    first_captured_at: datetime | None = None
    last_captured_at: datetime | None = None
    codec: str | None = None
    source_position: int | None = None
    source_number: int = 0
    source_newest: datetime | None = None

    def of_attempt(self, attempt: int) -> "SourceProgress":
        """What of it is true in this attempt: of an earlier one, only what it says of the source."""
        if self.attempt == attempt:
            return self
        source = (self.duration, self.fps, self.width, self.height, self.sha256)
        return SourceProgress(
            *source,
            frames_decoded=self.frames_decoded,
            frames_dropped=self.frames_dropped if self.first_captured_at else 0,
            attempt=attempt,
            gaps=self.gaps,
            numbered_through=self.numbered_through,
            first_captured_at=self.first_captured_at,
            last_captured_at=self.last_captured_at,
            source_position=self.source_position,
            source_number=self.source_number,
            source_newest=self.source_newest,
            codec=self.codec,
        )


@dataclass(frozen=True, slots=True)
class LedgerCount:
    """How many frames of a video have an outcome: `done` counts stored ones, `failed` the others."""

    done: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Frames with an outcome."""
        return self.done + self.failed

    def __add__(self, other: "LedgerCount") -> "LedgerCount":
        return LedgerCount(self.done + other.done, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Sampled frames from `first` to `last` inclusive, named by frame number."""

    first: int
    last: int


def ranges(sampled: Iterable[int], missing: Iterable[int]) -> tuple[FrameRange, ...]:
    """The missing frames as ranges that hold no frame that is there; both inputs ascend."""
    gone = set(missing)
    found: list[FrameRange] = []
    first = last = None
    for number in sampled:
        if number in gone:
            first, last = (number if first is None else first), number
        elif first is not None and last is not None:
            found.append(FrameRange(first, last))
            first = last = None
    if first is not None and last is not None:
        found.append(FrameRange(first, last))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a video until it runs out. A higher `epoch` fences off every lower one."""

    video_id: UUID
    owner: str
    epoch: int
    seconds: float = field(default=30.0)
