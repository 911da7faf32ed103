"""Owns how wall-clock time is cut: into slots that every zone's hours are made of, and into the steps of an answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MOST_STEPS = 1500
COMFORTABLE = 400
"""So many steps make a chart that can be read; the step that is taken by itself gives no more."""
QUARTER = 900


class Step(StrEnum):
    """How finely time is cut."""

    MINUTE = "minute"
    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"

    @property
    def seconds(self) -> int:
        """Its length; a day may have an hour more or less."""
        return {Step.MINUTE: 60, Step.QUARTER: QUARTER, Step.HOUR: 3600, Step.DAY: 86_400}[self]


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another (UTC, both included), as people of a time zone count it."""

    start: datetime
    end: datetime
    zone: tzinfo

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()

    def fits(self, step: Step) -> bool:
        """Whether it has few enough such steps."""
        return self.seconds / step.seconds <= MOST_STEPS

    def comfortable_step(self) -> Step:
        """The finest step that makes a chart which can be read."""
        return next((step for step in Step if self.seconds / step.seconds <= COMFORTABLE), Step.DAY)

    def steps(self, step: Step) -> NDArray[np.int64]:
        """Where each step begins, in seconds since 1970; the first holds the start."""
        moments = [int(at.timestamp()) for at in self._begins(step)]
        return np.array(moments, np.int64)

    def _begins(self, step: Step) -> Iterator[datetime]:
        at = _floor(self.start.astimezone(self.zone), step)
        while at <= self.end:
            yield at
            at = _next(at, step)


def _floor(at: datetime, step: Step) -> datetime:
    """The begin of the step that a local time is in."""
    if step is Step.DAY:
        return at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    minutes = {Step.MINUTE: at.minute, Step.QUARTER: at.minute // 15 * 15, Step.HOUR: 0}[step]
    return at.replace(minute=minutes, second=0, microsecond=0)


def _next(at: datetime, step: Step) -> datetime:
    """The begin of the next step: a day later by the calendar, or so many seconds later by any clock."""
    if step is Step.DAY:
        return (at + timedelta(days=1)).replace(fold=0)
    return (at.astimezone(UTC) + timedelta(seconds=step.seconds)).astimezone(at.tzinfo)


def weekday_and_hour(slot: int, slot_seconds: int, zone: tzinfo) -> tuple[int, int]:
    """The weekday (Monday is 0) and the hour of day in which a slot lies, by the zone's clocks."""
    at = datetime.fromtimestamp(slot * slot_seconds, zone)
    return at.weekday(), at.hour
