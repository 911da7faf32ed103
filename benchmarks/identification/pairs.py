"""Owns the comparison of all pairs of faces: what share of one person's, and of two people's, reach a similarity."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from benchmarks.identification.faces import Face
from inference.arrays import Floats


@dataclass(frozen=True, slots=True)
class Pairs:
    """Similarities of pairs: `same` of one person in two files, `other` of two people; `likest` of each two people."""

    same: Floats
    other: Floats
    likest: dict[tuple[str, str], float]

    @classmethod
    def of(cls, faces: Sequence[Face]) -> "Pairs":
        """Every pair once; two frames of one file are no evidence that a person is known again."""
        alike = np.stack([face.vector for face in faces])
        alike = alike @ alike.T
        people, files = np.array([f.person for f in faces]), np.array([f.file for f in faces])
        one, two = np.triu_indices(len(faces), 1)
        same_person, same_file = people[one] == people[two], files[one] == files[two]
        likest = {
            (a, b): float(alike[np.ix_(people == a, people == b)].max())
            for a, b in combinations(sorted(set(people.tolist())), 2)
        }
        return cls(alike[one, two][same_person & ~same_file], alike[one, two][~same_person], likest)

    def accepted(self, threshold: float) -> float:
        """The share of one person's pairs that reach a similarity."""
        return float((self.same >= threshold).mean())

    def false_accepted(self, threshold: float) -> float:
        """The share of two people's pairs that do."""
        return float((self.other >= threshold).mean())

    def area(self) -> float:
        """Under the ROC: how often a pair of one person is more alike than a pair of two."""
        together = np.concatenate((self.same, self.other))
        ranks = np.empty(len(together))
        ranks[np.argsort(together, kind="stable")] = np.arange(len(together))
        n = len(self.same)
        return float((ranks[:n].sum() - n * (n - 1) / 2) / (n * len(self.other)))
