"""Owns which findings of two frames are the same thing: ByteTrack, each family of labels for itself."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from edgefirst.tracker import ByteTrack

from tracking.findings import Finding

SURE = 0.5
"""Only a finding so sure begins a track; less sure ones go on with it."""
OVERLAP, TRUST = 0.1, 1.0
"""The least overlap (IoU) with where a thing is expected, and how far a finding counts against the expectation."""
LOST_SECONDS, LOST_STEPS = 3.0, 4
"""A thing that was not seen for so long, and for so many frames, is gone; if it comes again it has another track."""
LEAST_WIDER, MOST_WIDER, WIDER_A_SECOND = 0.2, 1.2, 2.0
"""Boxes are compared wider than they are, by these shares of their size on each side: the more, the further a thing may
go from one sampled frame to the next (buffered IoU, Yang et al., 2023). `python -m benchmarks.tracking` measures it.
"""
LONGEST_STEP = 60.0
STEADY = 0.1
"""How fast the usual step follows the steps between frames."""


class Follower(Protocol):
    """Follows things from frame to frame: one for each kind of findings of a video, asked in the order of frames."""

    def expect(self, step: float) -> None:
        """Hear, before the first frame, how many seconds the second is behind it."""

    def follow(self, found: Sequence[Finding], media_time: float) -> list[str | None]:
        """For each finding a key that is the same for the same thing, None for what begins or goes on with no track."""

    @property
    def patience(self) -> float:
        """Seconds after which what was not seen has no track any more."""


class ByteTrackFollower:
    """Follower by ByteTrack (Zhang et al., 2022). The same findings get the same tracks, though not the same keys."""

    def __init__(self) -> None:
        self._trackers: dict[str, ByteTrack] = {}
        self._before: float | None = None
        self._step = 0.0

    @property
    def patience(self) -> float:
        """Longer for frames that are further apart."""
        return max(LOST_SECONDS, LOST_STEPS * self._step)

    def expect(self, step: float) -> None:
        """Begin with this as the usual step."""
        self._step = min(max(step, 0.0), LONGEST_STEP)

    def follow(self, found: Sequence[Finding], media_time: float) -> list[str | None]:
        """Ask each family's tracker; those that nothing was found for hear of the frame too."""
        self._tell(media_time)
        members: defaultdict[str, list[int]] = defaultdict(list)
        for i, finding in enumerate(found):
            members[finding.family].append(i)
        keys: list[str | None] = [None] * len(found)
        for family in sorted({*self._trackers, *members}):
            self._ask(family, members[family], found, media_time, keys)
        return keys

    def _tell(self, media_time: float) -> None:
        """Learn the usual step; after a long gap, or when time goes back, all that was followed is gone."""
        before, self._before = self._before, media_time
        if before is None:
            return
        step = media_time - before
        if step < 0 or step > self.patience:
            self._trackers.clear()
        if step > 0:
            step = min(step, LONGEST_STEP)
            self._step = step if self._step == 0 else self._step + STEADY * (step - self._step)

    def _ask(
        self, family: str, members: Sequence[int], found: Sequence[Finding], media_time: float, keys: list[str | None]
    ) -> None:
        tracker = self._trackers.get(family)
        if tracker is None:
            lost = round(self.patience * 1e9)
            tracker = self._trackers[family] = ByteTrack(high_conf=SURE, iou=OVERLAP, update=TRUST, lifespan_ns=lost)
        tracks = tracker.update(
            np.array([self._wide(found[i]) for i in members], np.float32).reshape(-1, 4),
            np.array([found[i].score for i in members], np.float32),
            np.zeros(len(members), np.uintp),
            1 + round(media_time * 1e9),
        )
        for i, track in zip(members, tracks, strict=True):
            keys[i] = track.uuid if track is not None else None

    def _wide(self, finding: Finding) -> tuple[float, float, float, float]:
        more = min(MOST_WIDER, max(LEAST_WIDER, WIDER_A_SECOND * self._step))
        box = finding.box
        across, down = more * box.width, more * box.height
        return box.x - across, box.y - down, box.x + box.width + across, box.y + box.height + down
