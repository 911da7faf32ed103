"""Owns the people whom faces are compared with: their vectors as one matrix, and the protocol of who knows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Floats
from inference.sieve import Sieve


@dataclass(frozen=True)
class KnownFaces:
    """People by one model. `vectors` is [n, dimensions], of length 1, one person's rows together; person p's begin at
    `starts[p]`.
    """

    people: tuple[tuple[UUID, str], ...] = ()
    vectors: Floats | None = None
    starts: NDArray[np.intp] | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[UUID, str, bytes]]) -> "KnownFaces":
        """From (person, name, vector as float32) rows, one person's together; rows of another length are left out."""
        people: list[tuple[UUID, str]] = []
        starts: list[int] = []
        vectors: list[Floats] = []
        for person_id, name, raw in rows:
            vector = np.frombuffer(raw, np.float32)
            if vectors and len(vector) != len(vectors[0]):
                continue
            if not people or people[-1][0] != person_id:
                people.append((person_id, name))
                starts.append(len(vectors))
            vectors.append(vector)
        return cls(tuple(people), np.stack(vectors), np.array(starts)) if vectors else cls()

    @classmethod
    def together(cls, some: Sequence["KnownFaces"]) -> "KnownFaces":
        """The people of several collections; somebody may be in two of them, under an id each."""
        filled = [known for known in some if known.vectors is not None and known.starts is not None]
        if len(filled) <= 1:
            return filled[0] if filled else cls()
        vectors = np.concatenate([known.vectors for known in filled if known.vectors is not None])
        before = np.cumsum([0, *(len(known.vectors) for known in filled if known.vectors is not None)])[:-1]
        starts = [known.starts + n for known, n in zip(filled, before, strict=True) if known.starts is not None]
        return cls(tuple(person for known in filled for person in known.people), vectors, np.concatenate(starts))

    @cached_property
    def sieve(self) -> Sieve | None:
        """What makes the search among very many people quick; made when first needed, in up to a second."""
        return Sieve.of(self.vectors) if self.vectors is not None else None

    def similarities(self, faces: Floats) -> Floats:
        """For faces [f, dimensions] the cosine with each person's likest photo, [f, people].

        Among very many people −1 stands for all but the likest hundred or so.
        """
        if self.vectors is None or self.starts is None:
            return np.empty((len(faces), 0), np.float32)
        if self.sieve is not None:
            return self._sifted(faces, self.vectors, self.starts, self.sieve)
        each = faces @ self.vectors.T
        if len(self.starts) == len(self.vectors):
            return each
        best: Floats = np.maximum.reduceat(each, self.starts, axis=1)
        return best

    def _sifted(self, faces: Floats, vectors: Floats, starts: NDArray[np.intp], sieve: Sieve) -> Floats:
        best = np.full((len(faces), len(self.people)), -1, np.float32)
        for row, face, some in zip(best, faces, sieve.likest(faces), strict=True):
            np.maximum.at(row, np.searchsorted(starts, some, side="right") - 1, vectors[some] @ face)
        return best


class Gallery(Protocol):
    """Who is known. An implementer keeps what it knows at hand: it is asked for every few frames."""

    def known(self, collections: Sequence[str], model_digest: str) -> KnownFaces:
        """The people of these collections by one embedding model. Raises StoreError when nobody can say yet."""


@dataclass(frozen=True, slots=True)
class FixedGallery:
    """A gallery that does not change, for tests and trials; by default of nobody."""

    people: KnownFaces = KnownFaces()

    def known(self, collections: Sequence[str], model_digest: str) -> KnownFaces:
        """The same people, whatever is asked."""
        return self.people


def assigned(similarities: Floats, threshold: float) -> list[int | None]:
    """Whose face each is, by [faces, people]: the likest pair first, and nobody twice; None for a stranger."""
    owners: list[int | None] = [None] * len(similarities)
    pairs = np.argwhere(similarities >= threshold)
    order = np.argsort(-similarities[pairs[:, 0], pairs[:, 1]], kind="stable")
    taken: set[int] = set()
    for face, person in pairs[order].tolist():
        if owners[face] is None and person not in taken:
            owners[face] = person
            taken.add(person)
    return owners
