"""Owns what of a frame's rows is followed: its things and its faces, each once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pipeline.contracts.results import Box, Detection, ResultRow, ResultStatus, TaskName
from pipeline.contracts.tracks import FACE, FACE_TASKS
from tracking.families import family_of

TWINS = 0.8
"""Two findings of a family whose boxes overlap so far (IoU) are one thing with two labels."""


@dataclass(frozen=True, slots=True)
class Named:
    """Who a face is in one frame, and how similar (0–1); `person_id` is None for `unknown`."""

    person_id: UUID | None
    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing or face of a frame. `place` is the how many-th of its kind in the frame it is, from 0.

    `label` is what the model said, `score` how sure it was (0–1), `marks` are a face's landmarks by name.
    """

    task: TaskName
    family: str
    label: str
    score: float
    box: Box
    place: int
    marks: Mapping[str, float] = field(default_factory=dict)
    emotions: Mapping[str, float] = field(default_factory=dict)
    named: Named | None = None


def found_in(rows: Sequence[ResultRow]) -> list[Finding]:
    """What is followed of a frame, by its rows; those of failed tasks say nothing."""
    good = {row.task: row for row in rows if row.status is ResultStatus.OK}
    things = good.get(TaskName.OBJECTS)
    return [*_things(things.detections if things else ()), *_faces(good)]


def _things(detections: Sequence[Detection]) -> Iterator[Finding]:
    kept: list[Finding] = []
    boxed = [(place, d, d.box) for place, d in enumerate(detections) if d.box is not None]
    for place, d, box in sorted(boxed, key=lambda found: (-found[1].confidence, found[0])):
        family = family_of(d.label)
        if not any(family == other.family and overlap(box, other.box) > TWINS for other in kept):
            kept.append(Finding(TaskName.OBJECTS, family, d.label, d.confidence, box, place))
    return iter(sorted(kept, key=lambda finding: finding.place))


def _faces(good: Mapping[TaskName, ResultRow]) -> Iterator[Finding]:
    """Faces by their boxes: these are found once a frame for all tasks, so the boxes are the same."""
    by_task = {
        task: {d.box: d for d in good[task].detections if d.box is not None} for task in FACE_TASKS if task in good
    }
    boxes = list(dict.fromkeys(box for found in by_task.values() for box in found))
    for place, box in enumerate(boxes):
        seen = {task: found[box] for task, found in by_task.items() if box in found}
        face = seen.get(TaskName.FACES)
        emotion, identity = seen.get(TaskName.EMOTIONS), seen.get(TaskName.IDENTITIES)
        yield Finding(
            next(iter(by_task)),
            FACE,
            FACE,
            face.confidence if face else 1.0,
            box,
            place,
            face.attributes if face else {},
            emotion.attributes if emotion else {},
            Named(identity.person_id, identity.label, identity.confidence) if identity else None,
        )


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(one.width * one.height + other.width * other.height - shared, 1e-12)
