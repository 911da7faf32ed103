"""Rows of results as a camera's video has them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from framewise.answers import Detection, Result
from framewise.listening.sightings import Sighting, Watcher

BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEP = 0.5
VIDEO = str(uuid4())


def row(number: int, *found: tuple[str, float], task: str = "objects_detection", status: str = "ok") -> Result:
    """The row of a frame, two frames a second."""
    return Result(
        video_id=VIDEO,
        frame_number=number,
        media_time=number * STEP,
        captured_at=BEGAN + timedelta(seconds=number * STEP),
        task=task,
        model="yolox_nano",
        status=status,
        detections=[Detection(label=label, confidence=confidence) for label, confidence in found],
    )


def shows(watcher: Watcher, confidences: Iterable[float | None], first: int = 1) -> list[Sighting]:
    """What is noticed when frames show a person with these confidences, or none."""
    found: list[Sighting] = []
    for number, confidence in enumerate(confidences, first):
        people = [] if confidence is None else [("person", confidence)]
        found += watcher.take(row(number, *people), f"event-{number}")
    return found
