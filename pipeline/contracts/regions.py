"""Owns lines and zones: what people draw on a video to have counted who crosses and who stays."""

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[float, float]
"""x and y as fractions (0–1) of the upright frame."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line from its first point to its second. Who crosses it from its left to its right goes `in`.

    Left and right are those of somebody who walks along it. Drawn from the left of the picture to its right, `in` is
    downwards.
    """

    name: str
    points: tuple[Place, Place]


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon of three points or more; the last is joined to the first."""

    name: str
    points: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Regions:
    """What is drawn on one video; names are unique in each list."""

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines or self.zones)


def crosses_itself(points: Sequence[Place]) -> bool:
    """Whether two edges of a polygon that are no neighbours meet: then nobody can say what is inside."""
    edges = [(points[i], points[(i + 1) % len(points)]) for i in range(len(points))]
    pairs = ((i, j) for i in range(len(edges)) for j in range(i + 2, len(edges)) if (i, j) != (0, len(edges) - 1))
    return any(_meet(*edges[i], *edges[j]) for i, j in pairs)


def _meet(a: Place, b: Place, c: Place, d: Place) -> bool:
    return _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0 and a != b and c != d


def _side(a: Place, b: Place, point: Place) -> float:
    """On which side of the line from a to b a point lies: above 0 on its right, as the picture's y goes down."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
