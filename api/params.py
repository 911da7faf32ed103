"""Owns the parameters that questions take: which results, what a summary counts, what is searched and listed."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.fields import NAME_LENGTH, Moment
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import VideoStatus
from pipeline.stores.rows import ResultQuery


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExportFormat(StrEnum):
    """How a whole selection of results is sent."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    COCO = "coco"


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
