"""Owns finding the main colours of a picture by k-means."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.arrays import Floats, Image
from inference.cards import Card
from inference.outputs import ColorsOutput
from pipeline.contracts.results import Detection

_STOP = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)


class DominantColors:
    """Main colours with their share.

    Distances are Euclidean in CIE L*a*b*, L* weighted down so that light and shade of one hue stay together.
    """

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
    weights = np.array([spec.lightness, 1, 1], np.float32)
    pixels = _small_lab(image, spec.side) * weights
    clusters = min(spec.clusters, len(pixels))
    cv2.setRNGSeed(spec.seed)
    which, centres = cv2.kmeans(pixels[:, None], clusters, None, _STOP, 1, cv2.KMEANS_PP_CENTERS)[1:]  # type: ignore[call-overload]
    shares = (np.bincount(which.ravel(), minlength=clusters) / len(pixels)).astype(np.float32)
    reach = spec.merge_distance, spec.merge_lightness * spec.lightness
    merged = _merge(centres, shares, *reach)
    merged.sort(key=lambda found: -found[1] * (1 + float(np.hypot(*found[0][1:])) / spec.vivid))
    answered = sorted(merged[: spec.colors], key=lambda found: -found[1])
    return [(_hex(centre / weights), round(share, 4)) for centre, share in answered]


def _small_lab(image: Image, side: int) -> Floats:
    """The pixels [n, 3] of a small copy, in L*a*b* (L 0–100)."""
    height, width = image.shape[:2]
    ratio = min(1.0, side / max(height, width))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab)
    return lab.reshape(-1, 3).astype(np.float32, copy=False)


def _merge(centres: Floats, shares: Floats, distance: float, lightness: float) -> list[tuple[Floats, float]]:
    """Colours closer than both limits become their weighted mean, the largest taking in the smaller ones."""
    found: list[tuple[Floats, float]] = []
    for index in np.lexsort((*centres.T, -shares)):
        centre, share = centres[index], float(shares[index])
        near = next((i for i, (other, _) in enumerate(found) if _close(other, centre, distance, lightness)), None)
        if share == 0:
            continue
        if near is None:
            found.append((centre, share))
        else:
            other, weight = found[near]
            found[near] = (other * weight + centre * share) / (weight + share), weight + share
    return found


def _close(one: Floats, other: Floats, distance: float, lightness: float) -> bool:
    return bool(np.linalg.norm(one - other) < distance and abs(one[0] - other[0]) < lightness)


def _hex(lab: Floats) -> str:
    color = cv2.cvtColor(lab.reshape(1, 1, 3).astype(np.float32), cv2.COLOR_Lab2RGB).ravel()
    red, green, blue = np.clip(np.round(color * 255), 0, 255).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
