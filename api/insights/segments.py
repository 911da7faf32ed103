"""Owns segments: the stretches of time in which a label is there, gaps up to a tolerance included."""

from dataclasses import dataclass, field

import numpy as np

from pipeline.digests.digest import Counts, Floats

MOST_SEGMENTS = 100


@dataclass(slots=True)
class Segment:
    """From the first to the last frame with a label; seconds of media time, both ends included."""

    first_time: float
    last_time: float
    first_frame: int
    last_frame: int
    frames: int
    best: float


@dataclass(slots=True)
class Segments:
    """The segments of one label, by frames added in order; all count, the first `MOST_SEGMENTS` are kept."""

    gap: float
    kept: list[Segment] = field(default_factory=list)
    count: int = 0
    _open: Segment | None = None
    _seconds: float = 0.0
    _single: int = 0

    def add(self, times: Floats, numbers: Counts, best: Floats) -> None:
        """Add frames, at least one: their times, numbers and highest confidences [n]."""
        starts = np.r_[0, np.flatnonzero(np.diff(times) > self.gap) + 1]
        ends = np.r_[starts[1:], len(times)] - 1
        columns = (times[starts], times[ends], numbers[starts], numbers[ends], ends - starts + 1)
        peaks = np.maximum.reduceat(best, starts)
        for values in zip(*(column.tolist() for column in (*columns, peaks)), strict=True):
            self._append(Segment(*values))

    def _append(self, segment: Segment) -> None:
        known = self._open
        if known is not None and segment.first_time - known.last_time <= self.gap:
            known.last_time, known.last_frame = segment.last_time, segment.last_frame
            known.frames += segment.frames
            known.best = max(known.best, segment.best)
            return
        self._close()
        self._open = segment
        self.count += 1
        if len(self.kept) < MOST_SEGMENTS:
            self.kept.append(segment)

    def _close(self) -> None:
        if self._open is not None:
            self._seconds += self._open.last_time - self._open.first_time
            self._single += self._open.last_time == self._open.first_time
            self._open = None

    def dwell(self, interval: float) -> float:
        """The length of all segments in seconds; a single frame counts as one sampling interval. Nothing may follow."""
        self._close()
        return self._seconds + self._single * interval
