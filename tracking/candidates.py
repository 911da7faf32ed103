"""Owns in which frame a track is seen best: large and whole, of a face also sharp and frontal."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.results import Box
from pipeline.contracts.tracks import BestFrame
from pipeline.crop_quality import ENOUGH_SHARPNESS, frontal, pixels_of, sharpness
from pipeline.pictures import decode
from tracking.findings import Finding

MOST = 8
FIRST_WINDOW = 0.3
"""Seconds of which the best frame is a candidate; twice as long whenever there are too many, so that they are spread
over the whole track: how sharp a picture is is only known when it is looked at.
"""
ENOUGH = {True: 0.15, False: 0.3}
"""Of a face's, and of a thing's, size (root of its share of the frame): beyond it larger counts no more."""
AT_THE_EDGE = 0.5
"""What touches the frame's edge is cut off there, and counts so much less."""
_EDGE = 0.004

Stored = Callable[[int], bytes | None]
"""Gives the stored picture of a frame by its number."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame that may be the best; `merit` (0–1) is what can be said of it without its picture."""

    merit: float
    frame_number: int
    media_time: float
    box: Box


class Candidates:
    """The few frames of one track that may be the best."""

    def __init__(self, faces: bool) -> None:
        self._faces = faces
        self._most = MOST if faces else 1
        self._window = FIRST_WINDOW
        self._kept: dict[int, Candidate] = {}

    def look(self, finding: Finding, frame_number: int, media_time: float) -> None:
        """Keep a frame if it is the best of its window."""
        self._keep(Candidate(self._merit(finding), frame_number, media_time, finding.box))
        while len(self._kept) > self._most:
            self._window *= 2
            before, self._kept = self._kept, {}
            for candidate in before.values():
                self._keep(candidate)

    def _keep(self, found: Candidate) -> None:
        place = int(found.media_time / self._window) if self._most > 1 else 0
        known = self._kept.get(place)
        if known is None or known.merit < found.merit:
            self._kept[place] = found

    def _merit(self, finding: Finding) -> float:
        box = finding.box
        size = min(1.0, math.sqrt(max(0.0, box.width * box.height)) / ENOUGH[self._faces])
        whole = AT_THE_EDGE if _at_edge(box) else 1.0
        turned = frontal(finding.marks) if self._faces else 1.0
        return size * whole * turned * finding.score

    def likely(self) -> BestFrame | None:
        """The best without looking at pictures."""
        return max((_best(c, c.merit) for c in self._kept.values()), key=_rank, default=None)

    def best(self, stored: Stored) -> BestFrame | None:
        """The best; of a face by how sharp it is in the stored pictures too. One that is not stored counts last."""
        if not self._faces:
            return self.likely()
        return max((_best(c, c.merit * _sharp(c, stored)) for c in self._kept.values()), key=_rank, default=None)


def _best(candidate: Candidate, quality: float) -> BestFrame:
    return BestFrame(candidate.frame_number, candidate.media_time, candidate.box, quality)


def _rank(best: BestFrame) -> tuple[float, int]:
    return best.quality, -best.frame_number


def _sharp(candidate: Candidate, stored: Stored) -> float:
    """0–1; a hundredth where there is no picture."""
    jpeg = stored(candidate.frame_number)
    try:
        image = decode(jpeg) if jpeg is not None else None
    except FrameUnreadable:
        image = None
    if image is None:
        return 0.01
    inside = pixels_of(candidate.box, image.shape[1], image.shape[0])
    return max(0.02, min(1.0, sharpness(image[inside.rows, inside.columns]) / ENOUGH_SHARPNESS))


def _at_edge(box: Box) -> bool:
    far = 1 - _EDGE
    return box.x < _EDGE or box.y < _EDGE or box.x + box.width > far or box.y + box.height > far
