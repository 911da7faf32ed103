"""Owns the bodies that the service takes; camelCase as the contract has it, snake_case too."""

from typing import Annotated, Any

from pydantic import (
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

from api.addresses import check_object, check_url
from api.fields import NAME_LENGTH
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.s3 import is_s3
from pipeline.contracts.videos import KeepFrames, Sampling


def _both(name: str) -> AliasChoices:
    return AliasChoices(to_camel(name), name)


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=AliasGenerator(alias=to_camel, validation_alias=_both)
    )


class TaskBody(_Body):
    """A task with options; what is left out comes from the model's card."""

    name: TaskName
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="leave out findings below it")
    max_batch_size: int | None = Field(
        default=None, ge=1, le=256, description="images in one call of the model, at most"
    )


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
            check_url("callbackURL", value, "")
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
            check_object(value)
        else:
            check_url("videoURL", value, "; upload files instead")
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
