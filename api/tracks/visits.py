"""Owns who is in a zone: visits, how long they are, and how many are there at once."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.tracks.geometry import inside, standing
from pipeline.contracts.regions import Zone
from pipeline.contracts.tracks import TrackPoints

AWAY_SECONDS = 2.0
"""Who was out of a zone for longer comes for another visit."""


@dataclass(slots=True)
class Visits:
    """What is counted of one label."""

    visits: int = 0
    tracks: int = 0
    total: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """Seconds of a visit."""
        return self.total / self.visits if self.visits else 0.0


@dataclass(slots=True)
class _Visit:
    """A track that was seen in the zone: since when its visit lasts, and when it was there last."""

    began: float
    seen: float


@dataclass
class Presence:
    """Counts one zone from points bucket by bucket, ascending; `interval` is the usual time between two frames.

    `seconds` are those spent in the zone, all together, by window number; `most` the most at once.
    """

    zone: Zone
    step: float
    interval: float
    by_label: defaultdict[str, Visits] = field(default_factory=lambda: defaultdict(Visits))
    seconds: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    most: Counter[int] = field(default_factory=Counter)
    last_frame: int = 0
    last_time: float = 0.0
    last_inside: int = 0
    _known: dict[str, _Visit] = field(default_factory=dict)
    _frames: Counter[int] = field(default_factory=Counter)
    _times: dict[int, float] = field(default_factory=dict)

    def add(self, points: TrackPoints, label: str) -> None:
        """Look at the next points of a track."""
        there = inside(standing(points), self.zone.points)
        if len(points.frames) and int(points.frames[-1]) > self.last_frame:
            self.last_frame, self.last_time = int(points.frames[-1]), float(points.times[-1])
            self.last_inside = 0
        for number, media_time in zip(points.frames[there].tolist(), points.times[there].tolist(), strict=True):
            self._see(points.track_id, label, media_time)
            self._frames[number] += 1
            self._times[number] = media_time

    def end_bucket(self) -> None:
        """All points of a bucket were looked at."""
        for number, count in self._frames.items():
            window = int(self._times[number] // self.step)
            self.most[window] = max(self.most[window], count)
        self.last_inside = self._frames.get(self.last_frame, self.last_inside)
        self._frames.clear()
        self._times.clear()

    def inside_at(self, end: float) -> int:
        """How many were there in the last frame with anybody; none once that is as long ago as a visit's end."""
        return self.last_inside if end - self.last_time <= self._away else 0

    @property
    def _away(self) -> float:
        return max(AWAY_SECONDS, 1.5 * self.interval)

    def _see(self, track_id: str, label: str, media_time: float) -> None:
        known, counted = self._known.get(track_id), self.by_label[label]
        if known is None or media_time - known.seen > self._away:
            counted.visits += 1
            counted.tracks += known is None
            self._known[track_id] = _Visit(media_time, media_time)
            self._spend(counted, media_time, media_time + self.interval)
        else:
            self._spend(counted, known.seen + self.interval, media_time + self.interval)
            known.seen = media_time
        visit = self._known[track_id]
        counted.longest = max(counted.longest, visit.seen - visit.began + self.interval)

    def _spend(self, counted: Visits, start: float, end: float) -> None:
        """Seconds in the zone; those of one moment are parted by the windows that they lie in."""
        counted.total += max(0.0, end - start)
        for window in range(int(start // self.step), int(end // self.step) + 1):
            within = min(end, (window + 1) * self.step) - max(start, window * self.step)
            if within > 0:
                self.seconds[window] += within

    def total(self) -> Visits:
        """All labels together."""
        known = list(self.by_label.values())
        return Visits(
            sum(v.visits for v in known),
            sum(v.tracks for v in known),
            sum(v.total for v in known),
            max((v.longest for v in known), default=0.0),
        )


def interval_of(times: NDArray[np.float64]) -> float:
    """The usual time between two frames, in seconds; 0 for fewer than two."""
    steps = np.diff(np.unique(times))
    return float(np.median(steps)) if len(steps) else 0.0
