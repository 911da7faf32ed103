"""Owns what is measured of growth: of each part its points, each with settings of the service and a work."""

from collections.abc import Sequence
from dataclasses import dataclass, field

CHEAP = "color_detection"
OBJECTS = "objects_detection"
FOUR = (OBJECTS, "color_detection", "faces_detection", "emotions_detection")
CLIP_FRAMES = 20
FRAMES = 790


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: `videos` uploads of `frames` frames, repeated from a clip of `height` pixels, with these tasks.

    `settings` are variables of the service, without their prefix.
    """

    part: str
    value: int
    frames: int = FRAMES
    videos: int = 1
    tasks: Sequence[str] = (OBJECTS,)
    height: int | None = None
    settings: dict[str, int] = field(default_factory=dict)


def points(part: str) -> list[Point]:
    """The points of a part, smallest first; those with equal settings share a stack."""
    return {
        "workers": [Point(part, n, settings={"WORKERS": n}) for n in (1, 2)],
        "partitions": [Point(part, n, settings={"FRAMES_PARTITIONS": n}) for n in (2, 4, 8, 16)],
        "batch": [Point(part, n, settings={"BATCH_FRAMES": n}) for n in (1, 4, 16, 64)],
        "trigger": [Point(part, n, settings={"TRIGGER_FRAMES": n}) for n in (200, 400, 800, 1600)],
        "length": [Point(part, n, n, tasks=(CHEAP,), height=240) for n in (1_000, 5_000, 10_000, 100_000)],
        "videos": [Point(part, n, CLIP_FRAMES, n) for n in (1, 10, 60, 200, 500)],
        "models": [Point(part, n, FRAMES // 2, tasks=FOUR[:n]) for n in (1, 2, 3, 4)],
    }[part]


PARTS = ("workers", "partitions", "batch", "trigger", "length", "videos", "models")
