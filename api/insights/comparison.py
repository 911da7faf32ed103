"""Owns the fold of two videos' digests into what changed, by frame number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from api.insights.frame_ranges import FrameRanges
from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import TaskName
from pipeline.digests.digest import Counts, Digest, Floats, Offsets, Sightings, Track, digest_of, sightings

Pair = tuple[Digest, Digest]


@dataclass(slots=True)
class LabelChange:
    """What is known of a label in the compared frames."""

    in_both: FrameRanges = field(default_factory=FrameRanges)
    only_in_a: FrameRanges = field(default_factory=FrameRanges)
    only_in_b: FrameRanges = field(default_factory=FrameRanges)
    detections_a: int = 0
    detections_b: int = 0
    more_in_a: int = 0
    more_in_b: int = 0
    confidence_change: float = 0.0

    def add(self, numbers: Counts, a: "Level", b: "Level") -> None:
        """Add the compared frames of a bucket."""
        has_a, has_b = a.counts > 0, b.counts > 0
        both = has_a & has_b
        self.in_both.add(numbers, both)
        self.only_in_a.add(numbers, has_a & ~has_b)
        self.only_in_b.add(numbers, has_b & ~has_a)
        self.detections_a += int(a.counts.sum())
        self.detections_b += int(b.counts.sum())
        self.more_in_a += int((a.counts > b.counts).sum())
        self.more_in_b += int((b.counts > a.counts).sum())
        self.confidence_change += float((b.best - a.best)[both].sum())

    @property
    def changes(self) -> int:
        """Frames that differ."""
        return self.only_in_a.frames + self.only_in_b.frames + self.more_in_a + self.more_in_b


@dataclass(frozen=True, slots=True)
class Level:
    """A label in the compared frames [n]: how many findings, and the highest confidence; zeros where it is not."""

    counts: Counts
    best: Floats


@dataclass(slots=True)
class SideFold:
    """What one of the videos did for a task."""

    frames: int = 0
    tracks: set[Track] = field(default_factory=set)

    def add(self, digest: Digest, task: TaskName) -> Offsets:
        """Add a bucket; the frames that were analysed."""
        analysed = digest.analysed(task)
        self.frames += len(analysed)
        self.tracks |= {digest.tracks[place] for place in digest.of_tasks([task])}
        return analysed


@dataclass(slots=True)
class TaskFold:
    """A task in both videos; with `shared`, frames that both have analysed are compared, else all."""

    task: TaskName
    shared: bool
    a: SideFold = field(default_factory=SideFold)
    b: SideFold = field(default_factory=SideFold)
    compared: int = 0
    labels: dict[str, LabelChange] = field(default_factory=lambda: defaultdict(LabelChange))

    def add(self, a: Digest, b: Digest, seen_a: dict[str, Sightings], seen_b: dict[str, Sightings]) -> None:
        """Add a bucket of each video."""
        analysed = self.a.add(a, self.task), self.b.add(b, self.task)
        compared = (np.intersect1d if self.shared else np.union1d)(*analysed)
        numbers = compared.astype(np.int64) + a.first_number
        self.compared += len(compared)
        for label in sorted({*seen_a, *seen_b, *self.labels}):
            self.labels[label].add(numbers, _level(seen_a.get(label), compared), _level(seen_b.get(label), compared))


def _level(seen: Sightings | None, compared: Offsets) -> Level:
    counts, best = np.zeros(BUCKET_FRAMES, np.int64), np.zeros(BUCKET_FRAMES)
    if seen is not None:
        counts[seen.at], best[seen.at] = seen.counts, seen.best
    return Level(counts[compared], best[compared])


class ComparisonFold:
    """Takes pairs of digests for the same bucket, ascending."""

    def __init__(self, tasks_a: Iterable[TaskName], tasks_b: Iterable[TaskName]) -> None:
        of_a, of_b = set(tasks_a), set(tasks_b)
        self.tasks = {t: TaskFold(t, shared=t in of_a & of_b) for t in TaskName if t in of_a | of_b}

    def add(self, a: Digest, b: Digest) -> None:
        """Add a bucket of each video."""
        seen_a, seen_b = _by_label(a), _by_label(b)
        for task, fold in self.tasks.items():
            fold.add(a, b, seen_a[task], seen_b[task])


def _by_label(digest: Digest) -> dict[TaskName, dict[str, Sightings]]:
    found: dict[TaskName, dict[str, Sightings]] = {task: {} for task in TaskName}
    for seen in sightings(digest, digest.findings):
        found[seen.task][seen.label] = seen
    return found


def paired(a: Iterator[Digest], b: Iterator[Digest]) -> Iterator[Pair]:
    """Digests of two videos by bucket, both ascending; an empty one where a video has none."""
    left, right = next(a, None), next(b, None)
    while left is not None or right is not None:
        bucket = min(digest.bucket for digest in (left, right) if digest is not None)
        one = left if left is not None and left.bucket == bucket else None
        other = right if right is not None and right.bucket == bucket else None
        yield one or digest_of(bucket, ()), other or digest_of(bucket, ())
        left = next(a, None) if one is not None else left
        right = next(b, None) if other is not None else right
