"""Owns a face's landmarks: how frontal it looks, and the picture in which they lie where an embedder expects them."""

from collections.abc import Mapping

import cv2
import numpy as np

from inference.arrays import Floats, Image
from pipeline.contracts.errors import ModelFailed
from pipeline.contracts.results import Detection

SIDE = 112
TEMPLATE: Mapping[str, tuple[float, float]] = {
    "right_eye": (38.2946, 51.6963),
    "left_eye": (73.5318, 51.5014),
    "nose": (56.0252, 71.7366),
    "right_mouth": (41.5493, 92.3655),
    "left_mouth": (70.7299, 92.2041),
    "mouth": (56.1396, 92.2848),
}
"""Where landmarks lie in an aligned face of 112 × 112 pixels, after ArcFace's reference points (InsightFace); the
person's right eye is the one at the left. Detectors that see one point of the mouth have it amid its corners."""
ENOUGH = 4


def landmarks(face: Detection, width: int, height: int) -> dict[str, tuple[float, float]]:
    """The landmarks that a face was found with, by name, in pixels of a picture of this size."""
    known = face.attributes
    return {
        name: (known[f"{name}_x"] * width, known[f"{name}_y"] * height) for name in TEMPLATE if f"{name}_x" in known
    }


def aligned(image: Image, face: Detection, side: int = SIDE, zoom: float = 1.0) -> Image:
    """The face upright in a picture of `side` × `side` pixels. Raises ModelFailed for a face without landmarks."""
    height, width = image.shape[:2]
    points = landmarks(face, width, height)
    if len(points) < ENOUGH:
        raise ModelFailed("a face can be identified only by a face model that finds its landmarks")
    unit: Floats = np.array([TEMPLATE[name] for name in points], np.float32) / np.float32(SIDE) - np.float32(0.5)
    there: Floats = unit * np.float32(zoom * side) + np.float32(side / 2)
    here = np.array(list(points.values()), np.float32)
    return _warped(image, here, there, side)


def frontality(face: Detection, width: int, height: int) -> float:
    """1 for a face that looks straight at the camera, 0 in profile: where the nose is between the eyes."""
    points = landmarks(face, width, height)
    if not {"right_eye", "left_eye", "nose"} <= points.keys():
        return 0.0
    right, left, nose = (np.array(points[name]) for name in ("right_eye", "left_eye", "nose"))
    across = left - right
    span = float(across @ across)
    if span == 0:
        return 0.0
    return round(max(0.0, 1 - 2 * abs(float((nose - right) @ across) / span - 0.5)), 4)


def _warped(image: Image, here: Floats, there: Floats, side: int) -> Image:
    """The picture moved so that the points `here` come to lie at `there`, as nearly as turning and scaling can."""
    matrix = similarity(here, there)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:  # sampling every other pixel or fewer would make patterns of hair
        small = max(1, round(image.shape[1] * scale * 1.5)), max(1, round(image.shape[0] * scale * 1.5))
        ratio = np.array([small[0] / image.shape[1], small[1] / image.shape[0]])
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        matrix = similarity(here * ratio, there)
    return cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def similarity(here: Floats, there: Floats) -> Floats:
    """The turn, scale and shift [2, 3] that brings points [n, 2] nearest to others, by least squares.

    After Umeyama (1991), "Least-squares estimation of transformation parameters between two point patterns", for two
    dimensions without reflection.
    """
    a, b = here - here.mean(axis=0), there - there.mean(axis=0)
    spread = float((a**2).sum()) or 1e-9
    cosine = float((a * b).sum()) / spread
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    shift = there.mean(axis=0) - turn @ here.mean(axis=0)
    return np.column_stack((turn, shift))
