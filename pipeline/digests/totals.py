"""Owns what a digest says of each label in one line, and how the lines of many buckets become one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.contracts.results import TaskName
from pipeline.digests.digest import Digest, sightings

Key = tuple[TaskName, str, str]


@dataclass(frozen=True, slots=True)
class LabelTotal:
    """A label as one model found it: in how many frames, from when to when (seconds), how surely.

    `confidences` is the sum over all findings: of a colour, its share of all frames together.
    """

    task: TaskName
    model: str
    label: str
    frames: int
    first_media_time: float
    last_media_time: float
    max_confidence: float
    confidences: float

    @property
    def key(self) -> Key:
        """What it is a line of."""
        return self.task, self.model, self.label

    def __add__(self, other: "LabelTotal") -> "LabelTotal":
        return LabelTotal(
            *self.key,
            self.frames + other.frames,
            min(self.first_media_time, other.first_media_time),
            max(self.last_media_time, other.last_media_time),
            max(self.max_confidence, other.max_confidence),
            self.confidences + other.confidences,
        )


def totals_of(digest: Digest) -> Iterator[LabelTotal]:
    """A line for each label of each model."""
    for place, track in enumerate(digest.tracks):
        for seen in sightings(digest, digest.findings[digest.findings["track"] == place]):
            times = digest.times[seen.at]
            yield LabelTotal(
                track.task,
                track.model,
                seen.label,
                len(seen.at),
                float(np.min(times)),
                float(np.max(times)),
                float(np.max(seen.best)),
                float(np.sum(seen.total)),
            )


def summed(totals: Iterable[LabelTotal]) -> list[LabelTotal]:
    """One line a label, those in most frames first."""
    found: dict[Key, LabelTotal] = {}
    for total in totals:
        found[total.key] = found[total.key] + total if total.key in found else total
    return sorted(found.values(), key=lambda total: (-total.frames, total.key))
