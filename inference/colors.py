"""Owns finding the main colours of a picture by k-means."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.arrays import Floats, Image
from inference.cards import Card
from inference.outputs import ColorsOutput
from pipeline.contracts.results import Detection


class DominantColors:
    """Main colours with their share. Distances are CIE76 in L*a*b*, where equal steps look about equal."""

    device = "cpu"

    def __init__(self, card: Card, output: ColorsOutput) -> None:
        self.card = card
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """Colours `#rrggbb` of each picture, largest share first. The same picture gives the same colours."""
        threshold = self.card.min_confidence if min_confidence is None else min_confidence
        return [
            [Detection(label, share) for label, share in main_colors(image, self._output) if share >= threshold]
            for image in images
        ]


def main_colors(image: Image, spec: ColorsOutput) -> list[tuple[str, float]]:
    """(`#rrggbb`, share 0–1) of at most `spec.colors` colours, largest share first."""
    pixels = _small_lab(image, spec.side)
    clusters = min(spec.clusters, len(np.unique(pixels, axis=0)))
    cv2.setRNGSeed(spec.seed)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, which, centres = cv2.kmeans(pixels, clusters, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    shares = np.bincount(which.ravel(), minlength=clusters) / len(pixels)
    merged = _merge(centres, shares, spec.merge_distance)[: spec.colors]
    return [(_hex(centre), round(float(share), 4)) for centre, share in merged]


def _small_lab(image: Image, side: int) -> Floats:
    """The pixels [n, 3] of a small copy, in L*a*b* (L 0–100)."""
    height, width = image.shape[:2]
    ratio = min(1.0, side / max(height, width))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    lab: Floats = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab)
    return lab.reshape(-1, 3)


def _merge(centres: Floats, shares: Floats, distance: float) -> list[tuple[Floats, float]]:
    """Colours closer than `distance` become their weighted mean, the largest taking in the smaller ones."""
    found: list[tuple[Floats, float]] = []
    for index in np.lexsort((*centres.T, -shares)):
        centre, share = centres[index], float(shares[index])
        near = next((i for i, (other, _) in enumerate(found) if np.linalg.norm(other - centre) < distance), None)
        if near is None:
            found.append((centre, share))
        else:
            other, weight = found[near]
            found[near] = (other * weight + centre * share) / (weight + share), weight + share
    return sorted(found, key=lambda pair: -pair[1])


def _hex(lab: Floats) -> str:
    color = cv2.cvtColor(lab.reshape(1, 1, 3).astype(np.float32), cv2.COLOR_Lab2RGB).ravel()
    red, green, blue = np.clip(np.round(color * 255), 0, 255).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
