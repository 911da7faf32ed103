"""Owns finding the likest of very many vectors: first in the few directions in which they differ most, then exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Floats

WORTH = 4_000_000
"""Numbers in all, from which on a sieve is worth it: below, all are compared within half a millisecond."""
AXES, SAMPLE, KEPT = 128, 2_000, 128


@dataclass(frozen=True, slots=True)
class Sieve:
    """Principal axes [dimensions, k] of many vectors, and their places along these [n, k]."""

    axes: Floats
    places: Floats

    @classmethod
    def of(cls, vectors: Floats) -> "Sieve | None":
        """None for vectors so few, or so short, that comparing all is as quick."""
        if vectors.size < WORTH or vectors.shape[1] <= AXES:
            return None
        sample = vectors[:: max(1, len(vectors) // SAMPLE)]
        middle = sample.mean(axis=0)
        spread = sample - middle
        _, directions = np.linalg.eigh(spread.T @ spread)
        axes = np.ascontiguousarray(directions[:, -AXES:].astype(np.float32))
        return cls(axes, (vectors - middle) @ axes)

    def likest(self, faces: Floats) -> NDArray[np.intp]:
        """For faces [f, dimensions] the vectors, by index [f, n], that are most probably the likest, in any order.

        The product with what all vectors have in common is the same for each of them, so it is left out.
        """
        near = (faces @ self.axes) @ self.places.T
        found: NDArray[np.intp] = np.argpartition(near, -KEPT, axis=1)[:, -KEPT:]
        return found
