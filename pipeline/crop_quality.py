"""Owns how good a crop is: its size, its sharpness, the detector's score, and how far a face looks at the camera."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.contracts.results import Box, Detection
from pipeline.pictures import Image

SIDE = 64
"""Pixels of the square in which sharpness is measured, so that it is the same for near and far."""
ENOUGH_PIXELS, ENOUGH_SHARPNESS = 160.0, 300.0
"""Beyond these a larger or a sharper picture counts no more."""
LEAST_FRONTAL = 0.2
_NEARLY = 1e-6
"""Of a pixel: sums of fractions are not exact."""


@dataclass(frozen=True, slots=True)
class Least:
    """What a crop has to reach to be sent: pixels of its shorter side, sharpness, score."""

    pixels: int = 32
    sharpness: float = 15.0
    score: float = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a finding: `pixels` of its box's shorter side, `sharpness`, and `frontal`, 0–1."""

    pixels: float
    sharpness: float
    score: float
    frontal: float

    def reaches(self, least: Least) -> bool:
        """Whether it may be sent at all."""
        return self.pixels >= least.pixels and self.sharpness >= least.sharpness and self.score >= least.score

    @property
    def quality(self) -> float:
        """0–1; the best of a track has the most."""
        size = min(1.0, self.pixels / ENOUGH_PIXELS)
        sharp = min(1.0, self.sharpness / ENOUGH_SHARPNESS)
        return size * sharp * self.score * self.frontal


def measure(image: Image, found: Detection, box: Box) -> Measured:
    """What the box shows, in a frame [height, width, 3]."""
    height, width = image.shape[:2]
    inside = pixels_of(box, width, height)
    return Measured(
        pixels=float(min(inside.shape)),
        sharpness=sharpness(image[inside.rows, inside.columns]),
        score=found.confidence,
        frontal=frontal(found.attributes),
    )


def sharpness(image: Image) -> float:
    """The variance of the Laplacian of the grey picture, brought to 64×64 (Pech-Pacheco et al., 2000)."""
    if not image.size:
        return 0.0
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    even = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA if min(grey.shape) > SIDE else cv2.INTER_LINEAR)
    return float(np.var(cv2.Laplacian(even, cv2.CV_32F)))


def frontal(marks: Mapping[str, float]) -> float:
    """1 for a face whose nose is half-way between its eyes, less as it turns; 1 for what has no landmarks."""
    try:
        right, left, nose = marks["right_eye_x"], marks["left_eye_x"], marks["nose_x"]
    except KeyError:
        return 1.0
    half = abs(left - right) / 2
    off = abs(nose - (left + right) / 2) / half if half > 0 else 1.0
    return max(LEAST_FRONTAL, 1.0 - off)


@dataclass(frozen=True, slots=True)
class Pixels:
    """A box as rows and columns of a frame."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def pixels_of(box: Box, width: int, height: int) -> Pixels:
    """The pixels of a box, as far as they are in the frame."""
    return Pixels(_span(box.y, box.height, height), _span(box.x, box.width, width))


def _span(start: float, length: float, pixels: int) -> slice:
    first = min(max(0, int(start * pixels + _NEARLY)), pixels)
    return slice(first, min(pixels, max(first, int(np.ceil((start + length) * pixels - _NEARLY)))))
