"""Owns the detectors as that system names them: which task each stands for here, and under what name it reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.contracts.results import TaskName


@dataclass(frozen=True, slots=True)
class Kind:
    """A detector: its name in result files, the task that finds it here, and the label that counts, None for all."""

    report: str
    task: TaskName
    label: str | None
    number: int
    """Its class in result files, as the label maps of its models number it."""


KINDS = {
    "HumanDetector": Kind("Human", TaskName.OBJECTS, "person", 1),
    "FaceDetector": Kind("Face", TaskName.FACES, None, 1),
}


class DetectorOptions(BaseModel):
    """What a detector takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_detection_score: float | None = Field(default=None, ge=0, le=1)
    max_batch_size: int | None = Field(default=None, ge=1, le=256)


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector with its options."""

    kind: Kind
    options: DetectorOptions

    def task(self) -> dict[str, Any]:
        """The task as the service takes it."""
        given = {"minConfidence": self.options.min_detection_score, "maxBatchSize": self.options.max_batch_size}
        return {"name": self.kind.task.value} | {name: value for name, value in given.items() if value is not None}


def detectors(given: Any) -> tuple[Detector, ...]:
    """Detectors of `[["HumanDetector", {…}], …]`. Raises ValueError, which says which one is wrong."""
    if not isinstance(given, list | tuple) or not given:
        raise ValueError('name at least one detector, such as [["HumanDetector", {"min_detection_score": 0.4}]]')
    found = tuple(item if isinstance(item, Detector) else _detector(item) for item in given)
    if len({detector.kind.report for detector in found}) < len(found):
        raise ValueError("a detector is named twice")
    return found


def _detector(given: Any) -> Detector:
    if not _is_pair(given):
        raise ValueError(f'a detector is its name and its options, such as ["FaceDetector", {{}}], not {given!r}')
    name, options = given[0], given[1] if len(given) > 1 else {}
    if name not in KINDS:
        raise ValueError(f"there is no detector {name!r}; there are {', '.join(KINDS)}")
    return Detector(KINDS[name], DetectorOptions.model_validate(options))


def _is_pair(given: Any) -> bool:
    return (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and len(given) in (1, 2)
        and isinstance(given[0], str)
    )
