"""Owns the forms of messages, as far as they are read; what else they hold is left alone."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from connectors.aws.job import VideoId

MOST_DIGITS, LARGEST, SMALLEST = 38, 125, -130
"""Of a number in DynamoDB; the last two are powers of ten."""
LONGEST_ID = 1400


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    key: str


class _Entity(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    event_name: str = Field(alias="eventName")
    s3: _Entity


class Event(BaseModel):
    """What S3 tells of its objects."""

    records: list[_Record] = Field(alias="Records")


class _Source(BaseModel):
    bucket: str
    key: str


class Video(BaseModel):
    """Which object is to be analysed."""

    s3: _Source


class Command(BaseModel):
    """What the door is told."""

    command: Literal["stop"]


class Id(BaseModel):
    """Whose document it is; the value keeps its type."""

    value: Any = Field(alias="VideoId")

    @field_validator("value")
    @classmethod
    def _usable(cls, value: Any) -> VideoId:
        if isinstance(value, str) and 0 < len(value.encode()) <= LONGEST_ID:
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and _fits(Decimal(value)):
            return value
        raise ValueError(f"must be a number of at most {MOST_DIGITS} digits or a text of 1 to {LONGEST_ID} bytes")


def _fits(value: Decimal) -> bool:
    return len(value.as_tuple().digits) <= MOST_DIGITS and SMALLEST <= value.adjusted() <= LARGEST
