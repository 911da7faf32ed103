"""Owns what comparing faces with many people costs: `python -m benchmarks.identification.cost DIMENSIONS`."""

import sys
import time
from uuid import uuid4

import numpy as np

from inference.gallery import KnownFaces, assigned

ROUNDS = 30


def milliseconds_a_face(people: int, dimensions: int, faces: int) -> float:
    """Comparing so many faces at once with so many people and naming them: the median of thirty rounds, a face."""
    chance = np.random.default_rng(1)
    vectors = chance.normal(size=(people, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known = KnownFaces.of((uuid4(), f"person {n}", vector.tobytes()) for n, vector in enumerate(vectors))
    asked = vectors[chance.integers(0, people, faces)]
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assigned(known.similarities(asked), 0.5)
        spent.append(time.perf_counter() - began)
    return float(np.median(spent)) * 1000 / faces


if __name__ == "__main__":
    for count in (1, 8):
        each = milliseconds_a_face(10_000, int(sys.argv[1]), count)
        print(f"10,000 people, {count} faces at once: {each:.2f} ms a face")
