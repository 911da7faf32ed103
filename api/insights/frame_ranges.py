"""Owns which of the compared frames have something: their number, and where they are as a bounded list of ranges."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.digests.digest import Counts

MOST_RANGES = 50


@dataclass(slots=True)
class FrameRanges:
    """Frames given bucket by bucket, ascending. Neighbours are frames between which no other was compared."""

    frames: int = 0
    ranges: list[list[int]] = field(default_factory=list)
    cut: bool = False
    _goes_on: bool = False

    def add(self, numbers: Counts, has: NDArray[np.bool_]) -> None:
        """Add compared frames [n] and which of them have it."""
        if not len(numbers):
            return
        self.frames += int(has.sum())
        edges = np.flatnonzero(np.diff(np.r_[False, has, False]))
        for first, end in edges.reshape(-1, 2).tolist():
            self._append(int(numbers[first]), int(numbers[end - 1]), end - first, joins=first == 0 and self._goes_on)
        self._goes_on = bool(has[-1])

    def _append(self, first: int, last: int, frames: int, joins: bool) -> None:
        if joins and not self.cut:
            self.ranges[-1][1] = last
            self.ranges[-1][2] += frames
        elif not joins and len(self.ranges) < MOST_RANGES:
            self.ranges.append([first, last, frames])
        elif not joins:
            self.cut = True
