"""Owns the fold of digests into a summary: labels with their segments, emotions over time, main colours."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from api.insights.question import Question
from api.insights.segments import Segments
from pipeline.contracts.results import TaskName
from pipeline.digests.digest import Digest, Records, Sightings, Track, sightings

MOST_STEPS = 60


@dataclass(slots=True)
class LabelFold:
    """What is known of a label: frames, findings, when, how surely, how many at once."""

    segments: Segments
    frames: int = 0
    detections: int = 0
    first: float = np.inf
    last: float = -np.inf
    best: float = 0.0
    best_frame: int = 0
    best_time: float = 0.0
    total: float = 0.0
    most_at_once: int = 0

    def add(self, digest: Digest, seen: Sightings) -> None:
        """Add the label's frames of a bucket."""
        times = digest.times[seen.at]
        self.frames += len(seen.at)
        self.detections += int(seen.counts.sum())
        self.first = min(self.first, float(times.min()))
        self.last = max(self.last, float(times.max()))
        self._keep_best(digest, seen)
        self.total += float(seen.total.sum())
        self.most_at_once = max(self.most_at_once, int(seen.counts.max()))
        self.segments.add(times, seen.at.astype(np.int64) + digest.first_number, seen.best)

    def _keep_best(self, digest: Digest, seen: Sightings) -> None:
        at = int(seen.best.argmax())
        if float(seen.best[at]) > self.best:
            self.best = float(seen.best[at])
            self.best_frame = int(seen.at[at]) + digest.first_number
            self.best_time = float(digest.times[seen.at[at]])


@dataclass(slots=True)
class TrackFold:
    """In how many frames a model answered, and in how many it failed."""

    frames: int = 0
    failed: int = 0


@dataclass(slots=True)
class Emotions:
    """Faces by emotion in steps of equal length from `start`, in seconds."""

    start: float
    seconds: float
    steps: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, digest: Digest, seen: Sightings) -> None:
        """Add an emotion's frames of a bucket."""
        step = np.clip((digest.times[seen.at] - self.start) // self.seconds, 0, MOST_STEPS - 1).astype(np.int64)
        for place, faces in enumerate(np.bincount(step, weights=seen.counts).tolist()):
            if faces:
                self.steps[place][seen.label] += int(faces)


@dataclass(slots=True)
class ColorFold:
    """In how many frames a colour is, and the sum of its shares."""

    frames: int = 0
    shares: float = 0.0


class SummaryFold:
    """Takes a video's digests one after the other, ascending; what it holds grows with labels, not with frames."""

    def __init__(self, question: Question, gap: float, start: float, end: float, interval: float) -> None:
        self._question = question
        self._gap = gap
        self.tracks: dict[Track, TrackFold] = defaultdict(TrackFold)
        self.labels: dict[tuple[TaskName, str], LabelFold] = {}
        self.colors: dict[str, ColorFold] = defaultdict(ColorFold)
        self.emotions = Emotions(start, max((end - start) / MOST_STEPS, interval, 1e-3))

    def add(self, digest: Digest) -> None:
        """Add a bucket."""
        self._count_runs(digest, self._question.runs(digest))
        findings = self._question.findings(digest)
        colors = np.isin(findings["track"], digest.of_tasks([TaskName.COLORS]))
        self._add_colors(digest, findings[colors])
        for seen in sightings(digest, findings[~colors]):
            if seen.task is TaskName.EMOTIONS:
                self.emotions.add(digest, seen)
            key = seen.task, seen.label
            if key not in self.labels:
                self.labels[key] = LabelFold(Segments(self._gap))
            self.labels[key].add(digest, seen)

    def _add_colors(self, digest: Digest, findings: Records) -> None:
        """Colours are many, and only their shares are asked for."""
        shares = np.bincount(findings["label"], weights=findings["confidence"], minlength=len(digest.labels))
        in_frame = np.unique(findings["label"].astype(np.int64) << 16 | findings["at"]) >> 16
        frames = np.bincount(in_frame, minlength=len(digest.labels))
        for place in np.flatnonzero(frames).tolist():
            color = self.colors[digest.labels[place]]
            color.frames += int(frames[place])
            color.shares += float(shares[place])

    def _count_runs(self, digest: Digest, runs: Records) -> None:
        for place, track in enumerate(digest.tracks):
            ok = runs["ok"][runs["track"] == place]
            if len(ok):
                self.tracks[track].frames += int(ok.sum())
                self.tracks[track].failed += int((~ok).sum())

    def frames(self, task: TaskName) -> int:
        """In how many frames a model answered for a task."""
        return sum(fold.frames for track, fold in self.tracks.items() if track.task is task)
