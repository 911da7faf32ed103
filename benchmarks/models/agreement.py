"""Owns how far two states of the code find the same."""

from collections.abc import Iterable, Sequence
from typing import Any

CONFIDENCE = 0.001
OVERLAP = 0.999
Finding = tuple[str, str, float, Sequence[float] | None]


def differing(one: Iterable[Sequence[Any]], other: Iterable[Sequence[Any]]) -> tuple[int, int]:
    """How many findings of `one` have no partner in `other` (same task and label, confidence and box), and of how many.

    A finding has four digits: one that lies at its threshold may be on one side only.
    """
    apart = count = 0
    for mine, theirs in zip(one, other, strict=True):
        left = list(theirs)
        for finding in mine:
            count += 1
            partner = next((other for other in left if _same(finding, other)), None)
            if partner is None:
                apart += 1
            else:
                left.remove(partner)
        apart += len(left)
        count += len(left)
    return apart, count


def _same(one: Finding, other: Finding) -> bool:
    if (one[0], one[1]) != (other[0], other[1]) or abs(one[2] - other[2]) > CONFIDENCE:
        return False
    return (one[3] is None and other[3] is None) or (
        one[3] is not None and other[3] is not None and overlap(one[3], other[3]) >= OVERLAP
    )


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
