"""Owns what a summary is asked, and how that narrows a digest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.results import TaskName
from pipeline.digests.colors import cell_of
from pipeline.digests.digest import Digest, Records


@dataclass(frozen=True, slots=True)
class Question:
    """Which findings count; `None` leaves a field open. Times are seconds of media time, ends included."""

    tasks: frozenset[TaskName] | None = None
    label: str | None = None
    min_confidence: float | None = None
    time_from: float | None = None
    time_to: float | None = None

    def runs(self, digest: Digest) -> Records:
        """The answers of models that are asked about."""
        wanted = self._in_time(digest, digest.runs) & self._of_tasks(digest, digest.runs)
        found: Records = digest.runs[wanted]
        return found

    def findings(self, digest: Digest) -> Records:
        """The findings that are asked about."""
        rows = digest.findings
        wanted = self._in_time(digest, rows) & self._of_tasks(digest, rows) & self._labelled(digest)
        if self.min_confidence is not None:
            wanted &= rows["confidence"] >= self.min_confidence
        found: Records = rows[wanted]
        return found

    def _in_time(self, digest: Digest, rows: Records) -> NDArray[np.bool_]:
        times = digest.times[rows["at"]]
        low = -np.inf if self.time_from is None else self.time_from
        high = np.inf if self.time_to is None else self.time_to
        wanted: NDArray[np.bool_] = (times >= low) & (times <= high)
        return wanted

    def _of_tasks(self, digest: Digest, rows: Records) -> NDArray[np.bool_]:
        if self.tasks is None:
            return np.ones(len(rows), np.bool_)
        return np.isin(rows["track"], digest.of_tasks(self.tasks))

    def _labelled(self, digest: Digest) -> NDArray[np.bool_]:
        if self.label is None:
            return np.ones(len(digest.findings), np.bool_)
        colors = np.isin(digest.findings["track"], digest.of_tasks([TaskName.COLORS]))
        label, color = (_place(digest, name) for name in (self.label, cell_of(self.label)))
        found: NDArray[np.bool_] = digest.findings["label"] == np.where(colors, color, label)
        return found


def _place(digest: Digest, label: str) -> int:
    return digest.labels.index(label) if label in digest.labels else -1
