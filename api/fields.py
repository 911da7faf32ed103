"""Owns what bodies and parameters have in common: how long a name may be, and moments."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

NAME_LENGTH = 200
FIRST_YEAR = 1970


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

CollectionName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"),
    Field(description="lower-case letters, digits, `-` and `_`", examples=["default"]),
]
"""Of a collection of people."""
