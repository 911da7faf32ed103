"""Owns who crosses a line: counted once a crossing, however a box trembles on it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from api.tracks.geometry import between_ends, distances, standing
from pipeline.contracts.regions import Line, Place
from pipeline.contracts.tracks import TrackPoints

CLEAR = 0.1
"""Of a box's height: so far beyond a line something stands clearly on its other side."""


@dataclass(slots=True)
class _Side:
    """On which side of a line a track was clearly last (above 0: right), and where it stood then."""

    side: float
    place: Place


@dataclass
class Crossings:
    """Counts one line's crossings from points bucket by bucket, ascending. `over_time` counts by window number.

    What crossed before `since` (seconds) is not counted; where it stood then is known all the same.
    """

    line: Line
    step: float
    since: float = 0.0
    by_label: Counter[tuple[str, bool]] = field(default_factory=Counter)
    over_time: Counter[tuple[int, bool]] = field(default_factory=Counter)
    _sides: dict[str, _Side] = field(default_factory=dict)

    def add(self, points: TrackPoints, label: str) -> None:
        """Look at the next points of a track."""
        places = standing(points)
        off = distances(places, *self.line.points)
        clear = np.abs(off) >= CLEAR * points.boxes[:, 3]
        sides, times, at = np.sign(off[clear]), points.times[clear], places[clear]
        if not len(sides):
            return
        known = self._sides.get(points.track_id)
        if known is not None:
            sides = np.concatenate([[known.side], sides])
            at = np.concatenate([[known.place], at])
            times = np.concatenate([points.times[:1], times])
        self._sides[points.track_id] = _Side(float(sides[-1]), (float(at[-1][0]), float(at[-1][1])))
        changed = np.flatnonzero(sides[1:] != sides[:-1])
        crossed = changed[between_ends(at[changed], at[changed + 1], *self.line.points)]
        for i in crossed[times[crossed + 1] >= self.since]:
            self._count(label, bool(sides[i + 1] > 0), float(times[i + 1]))

    def _count(self, label: str, inwards: bool, media_time: float) -> None:
        self.by_label[label, inwards] += 1
        self.over_time[int(media_time // self.step), inwards] += 1

    def total(self, inwards: bool) -> int:
        """All that went in, or out."""
        return sum(times for (_, way), times in self.by_label.items() if way is inwards)
