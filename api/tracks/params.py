"""Owns the parameters of questions about tracks."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.fields import NAME_LENGTH
from pipeline.contracts.results import TaskName
from pipeline.stores.tracks import TrackQuery


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrackParams(_Params):
    """Which tracks."""

    task: TaskName | None = Field(default=None, description="that followed the boxes of this task")
    label: str | None = Field(default=None, max_length=NAME_LENGTH, description="`person`; `face` for faces")
    person: str | None = Field(
        default=None, max_length=NAME_LENGTH, description="faces of this person, by id or by name"
    )
    from_: float | None = Field(default=None, alias="from", ge=0, description="there then or later, in seconds")
    to: float | None = Field(default=None, ge=0, description="there then or earlier, in seconds of media time")
    min_seconds: float | None = Field(default=None, ge=0, description="there for so long at least")
    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")

    def query(self) -> TrackQuery:
        """What the store is asked."""
        return TrackQuery(self.task, self.label, self.person, self.from_, self.to, self.min_seconds)


class CountParams(_Params):
    """What is counted."""

    label: str | None = Field(default=None, max_length=NAME_LENGTH, description="only what is this")
    from_: float | None = Field(default=None, alias="from", ge=0, description="from then on, in seconds of media time")
    to: float | None = Field(default=None, ge=0, description="until then, in seconds of media time")
    step: float | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="seconds of a stretch of `over_time`; about sixty of them if left out",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to <= self.from_:
            raise ValueError("to must be after from")
        return self


class PictureParams(_Params):
    """How a track's picture is cut."""

    blur: Literal["faces"] | None = Field(
        default=None, description="hide every face that faces_detection found; 409 where it did not look"
    )
