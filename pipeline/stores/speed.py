"""Owns how fast the service is, as ingest measures it and the API reads it: the contract of its store and the twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Speed:
    """What one observer has seen of the whole service lately.

    `rate` is outcomes a second while there was work, `video_rates` the same of each video that runs;
    `frames_per_video` is the mean of videos that ended lately, `running_frames` what those that run still need. What is
    not known is None, or left out.
    """

    observer: str
    observed_at: datetime
    rate: float | None = None
    frames_per_video: float | None = None
    running_frames: float = 0.0
    video_rates: Mapping[UUID, float] = field(default_factory=dict)


class SpeedStore(Protocol):
    """What the observers have seen; forgotten after a minute. Raises StoreUnavailable when it does not answer."""

    def save(self, speed: Speed) -> None:
        """Keep it in place of what this observer has seen before."""

    def newest(self) -> Speed | None:
        """What was seen last, by any observer; one that knows the rate comes before one that does not."""


@dataclass
class InMemorySpeedStore:
    """The twin for tests and trials; forgets nothing."""

    _seen: dict[str, Speed] = field(default_factory=dict)

    def save(self, speed: Speed) -> None:
        self._seen[speed.observer] = speed

    def newest(self) -> Speed | None:
        return best(list(self._seen.values()))


def best(seen: list[Speed]) -> Speed | None:
    """The newest of those that know the rate, or the newest."""
    return max(seen, key=lambda speed: (speed.rate is not None, speed.observed_at), default=None)
