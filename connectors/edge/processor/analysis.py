"""Owns handing pictures to the pipeline: a live video a camera and day, whose frames they are."""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import framewise
from connectors.edge.crops import Crop
from connectors.edge.processor.naming import date_of
from pipeline.contracts.captures import Capture
from pipeline.contracts.errors import FramewiseError, StoreUnavailable
from pipeline.kafka.captures import CapturePublisher

CHECK_SECONDS = 5.0
"""So long a video that took pictures is taken for one that still does."""
MOST_DAYS = 1000
"""Of cameras, that are remembered; what is forgotten is asked for again."""
MOST_HANDED = 20_000
MOST_TRIES = 100
MOST_ID = 57
MOST_SECONDS = 60.0
DAY_SECONDS = 24 * 3600.0

logger = logging.getLogger(__name__)


class PipelineAway(FramewiseError):
    """The service does not take a picture now; it may later."""

    type = "pipeline-away"
    title = "The service does not take pictures"


class Analysis(Protocol):
    """Takes pictures for the analysis. For one thread."""

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        """Have it analysed; returns when that is safe. `name` is unique for the camera and day: twice is once.

        Raises FramewiseError where it cannot be taken now.
        """

    def rest(self) -> None:
        """Called now and then while nothing comes, for what else is to do."""

    def close(self) -> None:
        """Give back connections."""


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


class LiveAnalysis:
    """Analysis by the service: videos over its API, pictures over Kafka."""

    def __init__(
        self,
        client: framewise.Client,
        connect: Callable[[], CapturePublisher],
        rules: DayRules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`connect` is called when the first picture comes, and again after it raised StoreUnavailable."""
        self._client, self._connect, self._rules, self._clock = client, connect, rules, clock
        self._publisher: CapturePublisher | None = None
        self._days: OrderedDict[str, _Day] = OrderedDict()
        self._handed = Recent(MOST_HANDED)

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        day = self._day_of(crop)
        if (day.video_id, name) in self._handed:
            return
        self._publish(Capture(day.video_id, crop.captured_at, name, jpeg, crop.track))
        self._handed.add((day.video_id, name))

    def rest(self) -> None:
        """End what is over."""
        now = self._clock()
        for key, day in list(self._days.items()):
            if now > max(day.ends_at, day.used_at) + self._rules.end_seconds:
                self._connected().end(day.video_id)
                del self._days[key]
                logger.info("%s is over; its video completes", key, extra={"video_id": day.video_id})

    def close(self) -> None:
        self._client.close()
        if self._publisher is not None:
            self._publisher.close()

    def _connected(self) -> CapturePublisher:
        self._publisher = self._publisher or self._connect()
        return self._publisher

    def _publish(self, capture: Capture) -> None:
        publisher, done, failures = self._connected(), threading.Event(), []

        def acknowledged(failure: StoreUnavailable | None) -> None:
            failures.append(failure)
            done.set()

        publisher.put(capture, acknowledged)
        if not done.wait(MOST_SECONDS):
            raise StoreUnavailable(f"Kafka has not said for {MOST_SECONDS:g} s whether it has a picture")
        if failures[0] is not None:
            raise failures[0]

    def _day_of(self, crop: Crop) -> _Day:
        key, now = f"{crop.site}/{crop.camera}/{date_of(crop)}", self._clock()
        day = self._days.get(key)
        if day is None or not self._open(day, now):
            day = self._days[key] = _Day(self._video(crop, key), _end_of(date_of(crop)), now, now)
        day.used_at = now
        self._days.move_to_end(key)
        if len(self._days) > MOST_DAYS:
            self._days.popitem(last=False)
        return day

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


class Recent:
    """The last so many of what was added."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[object, None] = OrderedDict()

    def __contains__(self, item: object) -> bool:
        return item in self._found

    def add(self, item: object) -> None:
        """Remember it, and forget the oldest."""
        self._found[item] = None
        if len(self._found) > self._most:
            self._found.popitem(last=False)


def camera_id(crop: Crop) -> str:
    """`site/camera`, as short as the service takes it."""
    name = f"{crop.site}/{crop.camera}"
    if len(name) <= MOST_ID:
        return name
    return f"{name[: MOST_ID - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _end_of(date: str) -> float:
    return datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() + DAY_SECONDS


@dataclass
class InMemoryAnalysis:
    """The twin for tests: keeps what was handed over, and fails as often as it is told to."""

    handed: list[tuple[Crop, str, bytes]] = field(default_factory=list)
    failures: list[FramewiseError] = field(default_factory=list)

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.handed.append((crop, name, jpeg))

    def rest(self) -> None:
        return None

    def close(self) -> None:
        return None
