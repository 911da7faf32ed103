"""Owns in which videos known people were found: what an erasure goes by. The contract, and the in-memory twin."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import AnalyzedFrame

Place = tuple[UUID, int]
"""A video and a bucket of its frame numbers."""


class SightingStore(Protocol):
    """People by video and videos by person. Raises StoreUnavailable when it does not answer; calls may be repeated."""

    def enter(self, sightings: Iterable[tuple[UUID, Place]], write_timestamp: int) -> None:
        """Enter a person at a place; comes before the rows that say so are kept."""

    def of_person(self, person_id: UUID) -> list[Place]:
        """Where a person was found, by video and bucket."""

    def of_video(self, video_id: UUID) -> list[tuple[int, UUID]]:
        """Who was found in which bucket of a video."""

    def take_out(self, person_id: UUID, places: Iterable[Place]) -> None:
        """Forget that a person was found at places; entries that come later with an older timestamp are lost."""

    def remove(self, places: Iterable[Place], write_timestamp: int) -> None:
        """Forget who was found at places, which go."""


def sightings_of(frames: Iterable[AnalyzedFrame]) -> set[tuple[UUID, Place]]:
    """Who was found where, in frames that were analysed."""
    return {
        (detection.person_id, (frame.video_id, bucket_of(frame.frame_number)))
        for frame in frames
        for result in frame.results
        for detection in result.detections
        if detection.person_id is not None
    }


@dataclass
class InMemorySightingStore:
    """The twin for tests and trials. What was taken out stays out, but for what is entered as newer."""

    _places: defaultdict[UUID, set[Place]] = field(default_factory=lambda: defaultdict(set))
    _taken: dict[tuple[UUID, Place], int] = field(default_factory=dict)

    def enter(self, sightings: Iterable[tuple[UUID, Place]], write_timestamp: int) -> None:
        for person_id, place in sightings:
            if write_timestamp > self._taken.get((person_id, place), -1):
                self._places[person_id].add(place)

    def of_person(self, person_id: UUID) -> list[Place]:
        return sorted(self._places.get(person_id, ()))

    def of_video(self, video_id: UUID) -> list[tuple[int, UUID]]:
        found = (
            (bucket, person) for person, places in self._places.items() for known, bucket in places if known == video_id
        )
        return sorted(found)

    def take_out(self, person_id: UUID, places: Iterable[Place]) -> None:
        going, now = {*places}, time.time_ns() // 1000
        self._places[person_id] -= going
        self._taken |= {(person_id, place): now for place in going}

    def remove(self, places: Iterable[Place], write_timestamp: int) -> None:
        going = {*places}
        for person_id in list(self._places):
            self._places[person_id] -= going
