"""Owns the bodies that the service takes; camelCase as the contract has it, snake_case too."""

from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from api.addresses import check_object, check_url
from api.fields import NAME_LENGTH, CollectionName
from api.tracks.bodies import Lines, Zones, check_names, regions_of
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.regions import Regions
from pipeline.contracts.results import USUAL_TASKS, Identification, TaskName, TaskRequest
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


class IdentificationBody(_Body):
    """Whom faces are compared with, and why. Faces are biometric data: nobody is identified without a purpose."""

    purpose: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=500),
        Field(description="why people are identified here, in words that they could be told"),
    ]
    collections: list[CollectionName] = Field(
        default=["default"], min_length=1, max_length=16, description="the collections of people to compare with"
    )
    search: bool = Field(
        default=False, description="keep one embedding a track, so that the video can be searched by face"
    )

    def asked(self) -> Identification:
        """As the pipeline knows it."""
        return Identification(self.purpose, tuple(dict.fromkeys(self.collections)), self.search)


NEEDS_PURPOSE = (
    "faces_identification needs a stated purpose; send for instance "
    '"identification": {"purpose": "who is in our meeting room", "collections": ["default"]}'
)


def _as_object(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Task = Annotated[TaskBody, BeforeValidator(_as_object, json_schema_input_type=TaskName | TaskBody)]


def _all_tasks(said: dict[str, Any]) -> list[TaskBody]:
    """Every task that may be run with what else was said."""
    return [TaskBody(name=name) for name in (TaskName if said.get("identification") else USUAL_TASKS)]


class VideoOptions(_Body):
    """How frames are analysed, wherever they come from."""

    identification: IdentificationBody | None = Field(
        default=None, description="goes with faces_identification, which does nothing without it"
    )
    models_to_run: list[Task] = Field(
        default_factory=_all_tasks,
        min_length=1,
        max_length=len(TaskName),
        description="the tasks, by name or with options; if left out all of them, faces_identification only with "
        "`identification`",
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

    lines: Lines = []
    zones: Zones = []

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
        check_names(self.lines, self.zones)
        return self

    @model_validator(mode="after")
    def _has_purpose(self) -> "VideoOptions":
        asked = TaskName.IDENTITIES in [task.name for task in self.models_to_run]
        if asked and self.identification is None:
            raise ValueError(NEEDS_PURPOSE)
        if self.identification is not None and not asked:
            raise ValueError("identification goes with faces_identification, which is not among modelsToRun")
        return self

    def sampling(self) -> Sampling:
        """Which frames are taken; raises ValueError."""
        return Sampling(self.frame_step or 1, start_time=self.start_time, end_time=self.end_time)

    def regions(self) -> Regions:
        """The lines and zones as the pipeline knows them."""
        return regions_of(self.lines, self.zones)

    def tasks(self) -> tuple[TaskRequest, ...]:
        """The tasks as the pipeline knows them."""
        identification = self.identification.asked() if self.identification else None
        return tuple(
            TaskRequest(
                task.name,
                task.min_confidence,
                task.max_batch_size,
                identification if task.name is TaskName.IDENTITIES else None,
            )
            for task in self.models_to_run
        )


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
