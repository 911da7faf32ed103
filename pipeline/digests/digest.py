"""Owns the digest of a bucket: what its rows say of frames, labels and confidences, as arrays; a pure function of them.

Summaries, searches and comparisons are made of digests: a bucket's arrays take kilobytes and are read in one go, where
its rows are thousands. Boxes are left out, and colours count for the nearest of a grid (`color_cells`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import ResultRow, ResultStatus, TaskName
from pipeline.digests.colors import cell_of

FRAMES = np.dtype([("at", "<u2"), ("time", "<f8")])
RUNS = np.dtype([("track", "<u2"), ("at", "<u2"), ("ok", "?")])
FINDINGS = np.dtype([("track", "<u2"), ("label", "<u2"), ("at", "<u2"), ("confidence", "<f8")])
MOST_LABELS = 2**16 - 1
"""Distinct labels of one bucket; findings with further ones are left out."""

Records = NDArray[np.void]
Offsets = NDArray[np.uint16]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Track:
    """A model that answered for a task."""

    task: TaskName
    model: str
    model_digest: str


@dataclass(frozen=True, slots=True)
class Sightings:
    """Where one label was found, frame by frame, ascending.

    `at` [n] are places in the bucket (frame number of `at` 0: the bucket's first), `counts` [n] how many findings there
    are, `best` [n] and `total` [n] their highest confidence and the sum.
    """

    task: TaskName
    label: str
    at: Offsets
    counts: Counts
    best: Floats
    total: Floats


@dataclass(frozen=True)
class Digest:
    """A bucket's rows as arrays: `frames` by `at` (FRAMES), `runs` a row each (RUNS), `findings` (FINDINGS)."""

    bucket: int
    tracks: tuple[Track, ...]
    labels: tuple[str, ...]
    frames: Records
    runs: Records
    findings: Records

    @property
    def first_number(self) -> int:
        """The frame number of `at` 0."""
        return self.bucket * BUCKET_FRAMES + 1

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return self.frames.nbytes + self.runs.nbytes + self.findings.nbytes + 9000

    @cached_property
    def times(self) -> Floats:
        """Seconds of media time [BUCKET_FRAMES], NaN where there is no frame."""
        found = np.full(BUCKET_FRAMES, np.nan)
        found[self.frames["at"]] = self.frames["time"]
        return found

    def of_tasks(self, tasks: Iterable[TaskName]) -> list[int]:
        """The places in `tracks` that answered for these tasks."""
        wanted = set(tasks)
        return [place for place, track in enumerate(self.tracks) if track.task in wanted]

    def analysed(self, task: TaskName, ok: bool = True) -> Offsets:
        """The frames in which a model answered for a task, or in which it failed, ascending."""
        wanted = np.isin(self.runs["track"], self.of_tasks([task])) & (self.runs["ok"] == ok)
        found: Offsets = np.unique(self.runs["at"][wanted])
        return found


def digest_of(bucket: int, rows: Iterable[ResultRow]) -> Digest:
    """The digest of a bucket's rows, given in order of frame numbers."""
    tracks: dict[Track, int] = {}
    labels: dict[str, int] = {}
    frames: dict[int, float] = {}
    runs: list[tuple[int, int, bool]] = []
    findings: list[tuple[int, int, int, float]] = []
    for row in rows:
        at = row.frame_number - bucket * BUCKET_FRAMES - 1
        track = tracks.setdefault(Track(row.task, row.model, row.model_digest), len(tracks))
        frames[at] = row.media_time
        runs.append((track, at, row.status is ResultStatus.OK))
        findings += ((track, label, at, sure) for label, sure in _labelled(row, labels))
    return Digest(
        bucket,
        tuple(tracks),
        tuple(labels),
        np.array(sorted(frames.items()), dtype=FRAMES),
        np.array(runs, dtype=RUNS),
        np.array(findings, dtype=FINDINGS),
    )


def _labelled(row: ResultRow, labels: dict[str, int]) -> Iterator[tuple[int, float]]:
    for detection in row.detections:
        label = cell_of(detection.label) if row.task is TaskName.COLORS else detection.label
        if label in labels or len(labels) < MOST_LABELS:
            yield labels.setdefault(label, len(labels)), detection.confidence


def sightings(digest: Digest, findings: Records) -> Iterator[Sightings]:
    """These findings of a digest by task and label."""
    tasks = np.array([list(TaskName).index(track.task) for track in digest.tracks], dtype=np.int64)
    group = tasks[findings["track"]] << 16 | findings["label"] if len(findings) else np.zeros(0, np.int64)
    order = np.lexsort((findings["at"], group))
    for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(part):
            task, label = divmod(int(group[part[0]]), 2**16)
            yield _by_frame(list(TaskName)[task], digest.labels[label], findings[part])


def _by_frame(task: TaskName, label: str, findings: Records) -> Sightings:
    at, starts, counts = np.unique(findings["at"], return_index=True, return_counts=True)
    sure = findings["confidence"]
    return Sightings(
        task, label, at, counts.astype(np.int64), np.maximum.reduceat(sure, starts), np.add.reduceat(sure, starts)
    )
