"""Owns following a face from frame to frame by its place: who was named once, was there before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.contracts.results import Box

LEAST_OVERLAP = 0.3
SECONDS = 2.0
"""So long a face may be missing in between; media time."""
Boxes = dict[int, tuple[Box, ...]]
"""By frame number."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The faces of a frame that are nobody else's; `media_time` is in seconds."""

    frame_number: int
    media_time: float
    faces: tuple[Box, ...]


def followed(sights: Sequence[Sight], seeds: Mapping[int, Sequence[Box]]) -> Boxes:
    """Where the person is: the seeds, and faces near to them, forwards and backwards. `sights` ascend.

    Rather one face too many than one too few: who stands where the person stood a moment ago is taken for them.
    """
    found = {number: list(boxes) for number, boxes in seeds.items()}
    for course in (sights, sights[::-1]):
        lately: list[tuple[Box, float]] = []
        for sight in course:
            here = found.get(sight.frame_number, [])
            lately = [(box, at) for box, at in lately if abs(sight.media_time - at) <= SECONDS]
            here = here + [face for face in sight.faces if face not in here and _is_near(face, lately)]
            if here:
                found[sight.frame_number] = here
            lately += [(box, sight.media_time) for box in here]
    return {number: tuple(boxes) for number, boxes in found.items() if boxes}


def _is_near(face: Box, lately: Iterable[tuple[Box, float]]) -> bool:
    return any(overlap(face, box) >= LEAST_OVERLAP for box, _ in lately)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0–1."""
    shared = one.shared(other)
    return shared / (one.width * one.height + other.width * other.height - shared) if shared else 0.0
