"""Owns telling whether something is the person who is to be erased: by id, by its digest, or by their face."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from pipeline.contracts.erasures import Brief, Erasure, subject_of
from pipeline.contracts.results import UNKNOWN, Detection
from pipeline.stores.faces import FaceVector, TrackVector, Vector, unit


@dataclass(frozen=True)
class Whom:
    """The person of an erasure. When the brief is gone, only the digests of ids are known."""

    erasure: Erasure
    brief: Brief

    def is_id(self, person_id: UUID | None) -> bool:
        """Whether an id is theirs."""
        return person_id is not None and subject_of(person_id) in self.erasure.subjects

    @cached_property
    def models(self) -> frozenset[str]:
        """The embedding models by which the face is known."""
        return frozenset(face.model for face in self.brief.faces)

    @cached_property
    def _faces(self) -> dict[str, list[tuple[Vector, float]]]:
        faces = self.brief.faces
        return {m: [(unit(f.vector), f.threshold) for f in faces if f.model == m] for m in self.models}

    def is_face(self, face: FaceVector | TrackVector) -> bool:
        """Whether a vector is of the same face."""
        known = [one for one in self._faces.get(face.model, ()) if one[0].shape == face.vector.shape]
        return any(float(np.dot(vector, face.vector)) >= threshold for vector, threshold in known)

    def unnamed(self, detections: Iterable[Detection]) -> tuple[Detection, ...]:
        """The same findings without the person's name, nor how similar they were."""
        return tuple(Detection(UNKNOWN, 0.0, d.box) if self.is_id(d.person_id) else d for d in detections)
