"""Owns where tracks stand in relation to lines and zones."""

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.regions import Place
from pipeline.contracts.tracks import TrackPoints

Places = NDArray[np.float64]
"""[n, 2]: x and y as fractions of the frame."""


def standing(points: TrackPoints) -> Places:
    """Where a track stands: of an object the middle of the box's lower edge, of a face the middle of the box."""
    x, y, width, height = points.boxes.astype(np.float64).T
    share = 0.5 if points.track_id.startswith("f") else 1.0
    return np.stack([x + width / 2, y + height * share], axis=1)


def distances(places: Places, start: Place, end: Place) -> NDArray[np.float64]:
    """How far places are from the line through two points, [n]: above 0 on its right, seen along it."""
    a, b = np.asarray(start), np.asarray(end)
    along = b - a
    off = places - a
    return np.asarray((along[0] * off[:, 1] - along[1] * off[:, 0]) / np.hypot(*along))


def between_ends(before: Places, after: Places, start: Place, end: Place) -> NDArray[np.bool_]:
    """Which of the ways `before` → `after`, each from one side of a line to the other, pass between its ends, [n]."""
    at, to = (distances(places, start, end) for places in (before, after))
    with np.errstate(invalid="ignore", divide="ignore"):
        meeting = before + (after - before) * (at / (at - to))[:, None]
    along = np.asarray(end) - np.asarray(start)
    share = (meeting - np.asarray(start)) @ along / (along @ along)
    return np.asarray((share >= 0) & (share <= 1))


def inside(places: Places, corners: tuple[Place, ...]) -> NDArray[np.bool_]:
    """Which places lie in a polygon, [n], by the even-odd rule."""
    x, y = places[:, :1], places[:, 1:]
    x1, y1 = np.asarray(corners).T
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        crossed = ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return np.asarray(crossed.sum(axis=1) % 2 == 1)
