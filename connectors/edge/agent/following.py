"""Owns following things from frame to frame: the same thing keeps the same track."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from edgefirst.tracker import ByteTrack

from pipeline.contracts.results import Box, Detection

LOST_SECONDS = 1.0
LOST_NS = round(LOST_SECONDS * 1e9)
"""A thing that was not seen for so long is gone; if it comes again it has another track."""
OVERLAP, TRUST = 0.1, 1.0
"""The least overlap (IoU) with where a thing is expected, and how far a finding counts against the expectation.

Measured on 80 s of walkers (`people_vtest.avi`, yolox_nano): 34 tracks at 10 frames/s, 37 at 5, 47 at 3. With the
library's own 0.25 and 0.25 it is 88, 458 and 512: a walker who has moved on by half a width is taken for another.
"""
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Named:
    """A track's name, and when it was last seen (nanoseconds)."""

    name: str
    seen: int


class Follower:
    """Gives each finding the name of its track, by ByteTrack, each label for itself."""

    def __init__(self, least: float) -> None:
        """Only findings of `least` or more begin a track."""
        self._trackers: defaultdict[str, ByteTrack] = defaultdict(
            lambda: ByteTrack(high_conf=least, iou=OVERLAP, update=TRUST, lifespan_ns=LOST_NS)
        )
        self._names: dict[str, _Named] = {}
        self._clock = 0

    def follow(self, found: Sequence[Detection], captured_at: datetime) -> list[tuple[str, Detection]]:
        """The findings that belong to a track, with its name."""
        before, now = self._clock, round((captured_at - _START).total_seconds() * 1e9)
        self._clock = max(before + 1, now)
        if self._clock - before > LOST_NS:
            self.forget()
        labels = sorted({*self._trackers, *(d.label for d in found)})
        followed = [pair for label in labels for pair in self._one(label, found)]
        self._names = {track: named for track, named in self._names.items() if self._clock - named.seen <= 2 * LOST_NS}
        return followed

    def forget(self) -> None:
        """All are gone: what comes next has other tracks."""
        self._trackers.clear()
        self._names.clear()

    def _one(self, label: str, found: Sequence[Detection]) -> Iterator[tuple[str, Detection]]:
        alike = [(d, d.box) for d in found if d.label == label and d.box is not None]
        tracks = self._trackers[label].update(
            np.array([_corners(box) for _, box in alike], np.float32).reshape(-1, 4),
            np.array([d.confidence for d, _ in alike], np.float32),
            np.zeros(len(alike), np.uintp),
            self._clock,
        )
        for (detection, _), track in zip(alike, tracks, strict=True):
            if track is not None:
                yield self._name(track.uuid), detection

    def _name(self, track: str) -> str:
        """When it was first seen, in milliseconds, and the how many-th of that moment: the same for the same file."""
        if track not in self._names:
            moment = f"{self._clock // 1_000_000:x}"
            alike = sum(named.name.startswith(moment) for named in self._names.values())
            self._names[track] = _Named(f"{moment}-{alike + 1}", self._clock)
        self._names[track].seen = self._clock
        return self._names[track].name


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height
