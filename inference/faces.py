"""Owns which faces a frame's tasks need, so that they are found once for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inference.batches import Answer
from pipeline.contracts.results import TaskName, TaskRequest

HIDING_CONFIDENCE = 0.5
"""Faces are hidden from here on, below any card's threshold: one too many costs pixels, one too few a face."""

ON_FACES = (TaskName.EMOTIONS, TaskName.IDENTITIES)
"""The tasks that look at the faces which reach the face card's own threshold."""


@dataclass(frozen=True, slots=True)
class FacesNeed:
    """One search for faces that serves every task of a frame that looks at faces, and the hiding of faces."""

    min_confidence: float
    max_batch_size: int | None

    @classmethod
    def of(
        cls, tasks: Sequence[TaskRequest], card_threshold: Callable[[], float], hiding: bool = False
    ) -> "FacesNeed | None":
        """The search that `tasks` need, None without any; only then is the face card's threshold asked for."""
        faces = next((task for task in tasks if task.name is TaskName.FACES), None)
        others = next((task for task in tasks if task.name in ON_FACES), None)
        first = faces or others or (TaskRequest(TaskName.FACES) if hiding else None)
        if first is None:
            return None
        default = card_threshold()
        thresholds = [min(default, HIDING_CONFIDENCE)] if hiding else []
        if others:
            thresholds.append(default)
        if faces:
            thresholds.append(threshold(faces, default))
        return cls(min(thresholds), first.max_batch_size)


def threshold(request: TaskRequest, default: float) -> float:
    """The lowest confidence that a request lets through."""
    return default if request.min_confidence is None else request.min_confidence


def reaching(faces: Answer, least: float) -> Answer:
    """The same answer without the faces below `least`."""
    return replace(faces, detections=tuple(face for face in faces.detections if face.confidence >= least))
