"""Owns the bodies and parameters that the service takes; camelCase as the contract has it, snake_case too."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.s3 import S3Object, is_s3
from pipeline.contracts.videos import KeepFrames, Sampling, VideoStatus
from pipeline.stores.rows import ResultQuery

NAME_LENGTH = 200
FIRST_YEAR = 1970


def _both(name: str) -> AliasChoices:
    return AliasChoices(to_camel(name), name)


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=AliasGenerator(alias=to_camel, validation_alias=_both)
    )


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _in_utc(value: datetime) -> datetime:
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as e:
        raise ValueError("the year must be from 1970 to 9999") from e
    if moment.year < FIRST_YEAR:
        raise ValueError("the year must be from 1970 to 9999")
    return moment


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""ISO 8601; UTC where it names no zone."""


class ExportFormat(StrEnum):
    """How a whole selection of results is sent."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    COCO = "coco"


class TaskBody(_Body):
    """A task with options; what is left out comes from the model's card."""

    name: TaskName
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="leave out findings below it")
    max_batch_size: int | None = Field(
        default=None, ge=1, le=256, description="images in one call of the model, at most"
    )


def _check_url(name: str, url: str, advice: str) -> None:
    """Raise ValueError for what cannot be asked over the network, whatever the host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as e:
        raise ValueError(f"{name} is not an address; percent-encode special characters in user and password") from e
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{name} must start with http:// or https:// and name a host{advice}")
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise ValueError(f"{name} must not hold spaces or control characters; percent-encode them")


def _check_object(url: str) -> None:
    """Raise ValueError for what is no object of S3."""
    try:
        S3Object.parse(url)
    except ValueError as e:
        raise ValueError(f"videoURL {e}") from e


def _as_object(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Task = Annotated[TaskBody, BeforeValidator(_as_object, json_schema_input_type=TaskName | TaskBody)]


class VideoOptions(_Body):
    """How frames are analysed, wherever they come from."""

    models_to_run: list[Task] = Field(
        default_factory=lambda: [TaskBody(name=name) for name in TaskName],
        min_length=1,
        max_length=len(TaskName),
        description="the tasks, by name or with options; all of them if left out",
    )
    video_name: str | None = Field(default=None, min_length=1, max_length=NAME_LENGTH, description="a label for people")
    frame_step: int | None = Field(default=None, ge=1, le=10**9, description="every n-th frame; 1 if nothing is said")
    start_time: float | None = Field(default=None, ge=0, description="seconds from the start of the video")
    end_time: float | None = Field(default=None, gt=0, description="seconds from the start of the video")
    external_id: str | None = Field(
        default=None, min_length=1, max_length=NAME_LENGTH, description="your own name for it"
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default=[], max_length=32)
    callback_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("callbackURL", "callbackUrl", "callback_url"),
        max_length=4096,
        description="http or https; it is told when the video has ended",
    )

    @field_validator("callback_url")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value is not None:
            _check_url("callbackURL", value, "")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "VideoOptions":
        self.sampling()
        names = [task.name for task in self.models_to_run]
        if len(set(names)) < len(names):
            raise ValueError("modelsToRun names a task twice")
        return self

    def sampling(self) -> Sampling:
        """Which frames are taken; raises ValueError."""
        return Sampling(self.frame_step or 1, start_time=self.start_time, end_time=self.end_time)

    def tasks(self) -> tuple[TaskRequest, ...]:
        """The tasks as the pipeline knows them."""
        return tuple(TaskRequest(t.name, t.min_confidence, t.max_batch_size) for t in self.models_to_run)


class AnalysisOptions(VideoOptions):
    """How a video is analysed."""

    frame_ratio: float | None = Field(default=None, gt=0, le=1, description="the share of frames, exact on average")
    sample_seconds: float | None = Field(default=None, gt=0, le=86_400, description="one frame every so many seconds")
    max_duration: float | None = Field(default=None, gt=0, description="stop after so many seconds of video")
    store_frames: StoreFrames = Field(
        default=StoreFrames.FULL,
        description="what is kept of the frames; blurred hides the faces, and faces_detection must find them",
    )

    @model_validator(mode="after")
    def _faces_are_found(self) -> "AnalysisOptions":
        if self.store_frames is StoreFrames.BLURRED and TaskName.FACES not in [t.name for t in self.models_to_run]:
            raise ValueError("storeFrames blurred needs faces_detection among modelsToRun")
        return self

    def sampling(self) -> Sampling:
        """Which frames are taken; raises ValueError."""
        given = [self.frame_step, self.frame_ratio, self.sample_seconds]
        step = 1 if all(value is None for value in given) else self.frame_step
        return Sampling(step, self.frame_ratio, self.sample_seconds, self.start_time, self.end_time)


class StartRequest(AnalysisOptions):
    """Analyse the video behind an address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "videoURL": "https://example.com/street.mp4",
                    "modelsToRun": ["objects_detection", {"name": "faces_detection", "minConfidence": 0.9}],
                    "videoName": "Street, Monday",
                    "frameStep": 10,
                }
            ]
        }
    )

    video_url: str = Field(
        validation_alias=AliasChoices("videoURL", "videoUrl", "video_url"),
        max_length=4096,
        description="http or https, an address on the public network unless the host is allowed in the settings; "
        "or `s3://bucket/key`, with `?versionId=` for one version, of a bucket that the settings name",
    )

    @field_validator("video_url")
    @classmethod
    def _fetchable(cls, value: str) -> str:
        if is_s3(value):
            _check_object(value)
        else:
            _check_url("videoURL", value, "; upload files instead")
        return value


class LiveOptions(AnalysisOptions):
    """How a live stream is analysed."""

    keep: KeepFrames = Field(
        default=KeepFrames.NEWEST,
        description="when the analysis falls behind: `newest` leaves out the oldest frames that wait, and counts them; "
        "`all` keeps them waiting, up to a bound",
    )

    @model_validator(mode="after")
    def _has_no_places(self) -> "LiveOptions":
        if self.start_time is not None or self.end_time is not None:
            raise ValueError("startTime and endTime are for files; maxDuration ends a stream")
        return self


class WebcamRequest(LiveOptions):
    """Analyse pictures that a page sends of its camera."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"modelsToRun": ["faces_detection", "emotions_detection"], "videoName": "Desk", "sampleSeconds": 0.5}
            ]
        }
    )


class RerunRequest(VideoOptions):
    """Analyse the stored frames of a video again, with other models or thresholds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "modelsToRun": ["color_detection", {"name": "faces_detection", "minConfidence": 0.6}],
                    "videoName": "Street, Monday: faces",
                    "frameStep": 20,
                }
            ]
        }
    )

    frame_step: int | None = Field(
        default=None, ge=1, le=10**9, description="those whose number in the video is 1 more than a multiple; else all"
    )
    store_frames: StoreFrames | None = Field(
        default=None, description="what is kept of this video's frames; as of the given video if left out"
    )


class ResultParams(_Params):
    """Which rows of results."""

    task: list[TaskName] | None = Field(default=None, description="rows of these tasks")
    model: str | None = Field(default=None, max_length=NAME_LENGTH)
    label: str | None = Field(default=None, max_length=NAME_LENGTH, description="only detections with this label")
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="only detections at least as sure")
    from_: float | None = Field(default=None, alias="from", ge=0, description="seconds of media time")
    to: float | None = Field(default=None, ge=0, description="seconds of media time")
    frame_from: int | None = Field(default=None, ge=1, le=2**53)
    frame_to: int | None = Field(default=None, ge=1, le=2**53)
    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")
    format: ExportFormat | None = Field(
        default=None,
        description="the whole selection as a stream, instead of a page: `json`, `csv` (a row a detection), `parquet` "
        "(a row group every 1,000 frame numbers) or `coco` (boxes in pixels). `limit` and `cursor` belong to pages",
    )

    @model_validator(mode="after")
    def _pages_or_all(self) -> "ResultParams":
        paged = self.model_fields_set & {"limit", "cursor"}
        if paged and self.format not in (None, ExportFormat.JSON):
            raise ValueError(f"{' and '.join(sorted(paged))} belong to pages; format={self.format} sends everything")
        return self

    @property
    def export(self) -> ExportFormat | None:
        """The format in which everything is sent; None for a page."""
        return None if self.model_fields_set & {"limit", "cursor"} else self.format

    def query(self) -> ResultQuery:
        """What the store is asked."""
        return ResultQuery(
            frozenset(self.task) if self.task else None,
            self.model,
            self.label,
            self.min_confidence,
            self.from_,
            self.to,
            self.frame_from,
            self.frame_to,
        )


class SummaryParams(_Params):
    """What a summary counts."""

    task: list[TaskName] | None = Field(default=None, description="these tasks")
    label: str | None = Field(default=None, max_length=NAME_LENGTH, description="this label alone")
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="only detections at least as sure")
    from_: float | None = Field(default=None, alias="from", ge=0, description="seconds of media time")
    to: float | None = Field(default=None, ge=0, description="seconds of media time")
    gap: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="seconds without a label that do not end a segment; 2, or 1.5 sampling intervals if that is more",
    )


class SearchParams(_Params):
    """What is searched for, over all videos."""

    label: str | None = Field(
        default=None, min_length=1, max_length=NAME_LENGTH, description="`dog`; a colour finds its nearest of 216"
    )
    task: list[TaskName] | None = Field(default=None, description="found by these tasks")
    model: str | None = Field(default=None, max_length=NAME_LENGTH, description="found by this model")
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="at its best at least as sure")
    from_: Moment | None = Field(default=None, alias="from", description="videos submitted then or later")
    to: Moment | None = Field(default=None, description="videos submitted then or earlier")
    tag: str | None = Field(default=None, max_length=64, description="videos with this tag")
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=2000, description="`next_cursor` of the page before")


class FrameParams(_Params):
    """How a frame is drawn."""

    annotate: bool = Field(default=True, description="draw boxes and labels")
    tasks: list[TaskName] | None = Field(default=None, description="draw only these")
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="draw only findings at least as sure")
    blur: Literal["faces"] | None = Field(
        default=None, description="hide every face that faces_detection found, however sure; 409 where it did not look"
    )


ALL: Literal["all"] = "all"


class VideosParams(_Params):
    """Which videos are listed."""

    status: VideoStatus | Literal["all"] | None = Field(
        default=None,
        description="of this state, or `all`: those that have not ended first; completed if left out, any state with "
        "`external_id`",
    )
    search: str | None = Field(
        default=None,
        min_length=1,
        max_length=NAME_LENGTH,
        description="each of these words is in the video's name, in a tag or in its external id, whatever the case; "
        "of what is rare a page may be short though there is a `next_cursor`",
    )
    external_id: str | None = Field(
        default=None, min_length=1, max_length=NAME_LENGTH, description="the submitter's own name for it"
    )
    tag: str | None = Field(default=None, max_length=64)
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)
