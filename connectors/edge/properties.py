"""Owns the texts of user properties: each value written, and read back with doubt."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import Box

T = TypeVar("T")


def required(properties: Mapping[str, str], name: str, parse: Callable[[str], T]) -> T:
    """The value of a property; raises RecordInvalid that names it when it is missing or wrong."""
    text = properties.get(name)
    if text is None:
        raise RecordInvalid(f"property {name!r} is missing")
    try:
        return parse(text)
    except ValueError as error:
        raise RecordInvalid(f"property {name!r} is {text[:80]!r}: {error}") from error


def optional(properties: Mapping[str, str], name: str, parse: Callable[[str], T]) -> T | None:
    """The same, None when it is missing."""
    return required(properties, name, parse) if name in properties else None


def matching(pattern: str) -> Callable[[str], str]:
    """Reads a text that follows a pattern."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"it does not match {pattern}")
        return text

    return parse


def time(text: str) -> datetime:
    """An ISO 8601 time with its zone, as UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    if not 1970 <= moment.year < 9999:
        raise ValueError("no camera was there in that year")
    return moment.astimezone(UTC)


def label(text: str) -> str:
    """The name of what was found."""
    if not 0 < len(text) <= 100 or not text.isprintable():
        raise ValueError("not a printable name of 1 to 100 characters")
    return text


def positive(text: str) -> float:
    """A number of 0 or more."""
    number = float(text)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError("not a number of 0 or more")
    return number


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    number = positive(text)
    if number > 1:
        raise ValueError("not a number from 0 to 1")
    return number


def box(text: str) -> Box:
    """Four fractions of the frame: x, y, width, height."""
    numbers = [fraction(part) for part in text.split(",")]
    if len(numbers) != 4:
        raise ValueError("not x,y,width,height as fractions of the frame")
    return Box(*numbers)


def number_text(number: float | None) -> str:
    """As `positive` and `fraction` read it."""
    return "" if number is None else f"{number:.4f}"


def box_text(area: Box | None) -> str:
    """As `box` reads it."""
    return "" if area is None else ",".join(f"{value:.5f}" for value in (area.x, area.y, area.width, area.height))
