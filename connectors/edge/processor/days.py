"""Owns which video a picture goes into: one for each camera and day, and another where that has ended."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import framewise
from connectors.edge.crops import Crop
from connectors.edge.processor.analysis import PipelineAway
from connectors.edge.processor.naming import date_of

CHECK_SECONDS = 5.0
"""So long a video that took pictures is taken for one that still does."""
MOST_DAYS = 1000
"""Of cameras, that are remembered; what is forgotten is asked for again."""
MOST_TRIES = 100
MOST_ID = 57
DAY_SECONDS = 24 * 3600.0


@dataclass(slots=True)
class _Day:
    """The video of a camera and day."""

    video_id: UUID
    ends_at: float
    checked_at: float
    used_at: float


@dataclass(frozen=True, slots=True)
class DayRules:
    """What is analysed, and how long after its day a video is ended that gets no pictures any more."""

    tasks: tuple[str, ...]
    end_seconds: float


class Days:
    """The days of cameras of which pictures have come. For one thread."""

    def __init__(self, client: framewise.Client, rules: DayRules, clock: Callable[[], float] = time.time) -> None:
        self._client, self._rules, self._clock = client, rules, clock
        self._known: OrderedDict[str, _Day] = OrderedDict()

    def video_of(self, crop: Crop) -> UUID:
        """The video that takes this picture. Raises PipelineAway."""
        key, now = f"{crop.site}/{crop.camera}/{date_of(crop)}", self._clock()
        day = self._known.get(key)
        if day is None or not self._open(day, now):
            day = self._known[key] = _Day(self._video(crop, key), _end_of(date_of(crop)), now, now)
        day.used_at = now
        self._known.move_to_end(key)
        if len(self._known) > MOST_DAYS:
            self._known.popitem(last=False)
        return day.video_id

    def over(self) -> dict[str, UUID]:
        """The videos of days that are over, by what they are called."""
        now, patience = self._clock(), self._rules.end_seconds
        known = self._known.items()
        return {key: day.video_id for key, day in known if now > max(day.ends_at, day.used_at) + patience}

    def forget(self, key: str) -> None:
        """Its video has been ended."""
        del self._known[key]

    def _open(self, day: _Day, now: float) -> bool:
        """Whether its video still takes pictures; while nobody answers it does, for only the API could end it."""
        if now - day.checked_at < CHECK_SECONDS:
            return True
        day.checked_at = now
        try:
            return not self._client.video(day.video_id).ended
        except framewise.NotFound:
            return False
        except framewise.FramewiseError:
            return True

    def _video(self, crop: Crop, key: str) -> UUID:
        """That of the day, made if need be; another one where people have ended or deleted it."""
        for number in range(1, MOST_TRIES + 1):
            with suppress(framewise.Conflict):
                video = self._made(crop, key, number)
                if not video.ended:
                    return UUID(video.video_id)
        raise PipelineAway(f"{key}: {MOST_TRIES} videos of this day have ended already")

    def _made(self, crop: Crop, key: str, number: int) -> framewise.Video:
        try:
            return self._client.camera(
                camera_id(crop),
                "all",
                tasks=self._rules.tasks,
                name=f"{crop.site} {crop.camera} {date_of(crop)}",
                external_id=f"edge/{key}",
                tags=["edge"],
                idempotency_key=f"edge/{key}" if number == 1 else f"edge/{key}/{number}",
            )
        except framewise.Conflict:
            raise
        except framewise.FramewiseError as e:
            raise PipelineAway(str(e)) from e


def camera_id(crop: Crop) -> str:
    """`site/camera`, as short as the service takes it."""
    name = f"{crop.site}/{crop.camera}"
    if len(name) <= MOST_ID:
        return name
    return f"{name[: MOST_ID - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _end_of(date: str) -> float:
    return datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() + DAY_SECONDS
