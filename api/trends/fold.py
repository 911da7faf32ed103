"""Owns the fold of many videos' digests into counts by label and slot of time, by label, and by video."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from api.insights.question import Question
from pipeline.contracts.results import TaskName
from pipeline.digests.colors import cell_of
from pipeline.digests.digest import Digest, Floats, Records, Sightings, sightings

LabelKey = tuple[TaskName, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings count. `start` and `end` are seconds since 1970, both included."""

    tasks: frozenset[TaskName]
    start: float
    end: float
    labels: frozenset[str] | None = None
    model: str | None = None
    min_confidence: float | None = None

    def findings(self, digest: Digest, origin: float) -> Records:
        """Those of a digest whose media time 0 is at `origin`, labels aside."""
        question = Question(self.tasks, None, self.min_confidence, self.start - origin, self.end - origin)
        found = question.findings(digest)
        if self.model is None:
            return found
        places = [place for place, track in enumerate(digest.tracks) if track.model == self.model]
        of_model: Records = found[np.isin(found["track"], places)]
        return of_model

    def names(self, key: LabelKey) -> bool:
        """Whether a label is asked for."""
        task, label = key
        if self.labels is None:
            return True
        return label in (map(cell_of, self.labels) if task is TaskName.COLORS else self.labels)


@dataclass(slots=True)
class LabelTrend:
    """What is known of a label: findings by slot, in how many frames, when (seconds since 1970), how surely, where."""

    slots: Counter[int] = field(default_factory=Counter)
    frames: int = 0
    first: float = np.inf
    last: float = -np.inf
    best: float = 0.0
    videos: set[UUID] = field(default_factory=set)

    @property
    def detections(self) -> int:
        """Findings in all."""
        return self.slots.total()


class TrendFold:
    """Takes digests in any order; what it holds grows with labels and slots, not with frames."""

    def __init__(self, wanted: Wanted, slot_seconds: int) -> None:
        self._wanted = wanted
        self.slot_seconds = slot_seconds
        self.labels: dict[LabelKey, LabelTrend] = defaultdict(LabelTrend)
        self.videos: Counter[UUID] = Counter()

    def add(self, video_id: UUID, origin: float, digest: Digest) -> None:
        """Add a bucket of a video whose media time 0 is at `origin` (seconds since 1970)."""
        for seen in sightings(digest, self._wanted.findings(digest, origin)):
            if self._wanted.names((seen.task, seen.label)):
                self._add(video_id, origin + digest.times[seen.at], seen)

    def _add(self, video_id: UUID, moments: Floats, seen: Sightings) -> None:
        trend = self.labels[seen.task, seen.label]
        slots, places = np.unique((moments // self.slot_seconds).astype(np.int64), return_inverse=True)
        counts = np.bincount(places, weights=seen.counts).astype(np.int64)
        trend.slots.update(dict(zip(slots.tolist(), counts.tolist(), strict=True)))
        trend.frames += len(moments)
        trend.first = min(trend.first, float(moments.min()))
        trend.last = max(trend.last, float(moments.max()))
        trend.best = max(trend.best, float(seen.best.max()))
        trend.videos.add(video_id)
        self.videos[video_id] += int(counts.sum())
