"""Owns the trial: five people are enrolled by one file each, and looked for in the other and in strangers' clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.identification.faces import Face, best_of, gallery_of
from benchmarks.identification.people import KNOWN
from inference.gallery import KnownFaces, assigned

FRONTAL = 0.5
"""From here on a face counts as frontal: the nose is at least a quarter of the eyes' distance from either eye."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a file's frontal faces: how many got the right name, and how many another's."""

    file: str
    person: str
    frames: int
    right: int
    wrong: int


def trial(faces: Sequence[Face], enrolled_in: int, threshold: float, without: str | None = None) -> list[Seen]:
    """Enrol everybody (but one) by the best face of the first or the second file; look through all other files."""
    known = gallery_of([best_of(faces, files[enrolled_in]) for who, files in KNOWN.items() if who != without])
    left_out = {files[enrolled_in] for files in KNOWN.values()} if without is None else set()
    seen = []
    for file in dict.fromkeys(face.file for face in faces):
        people = dict.fromkeys(face.person for face in faces if face.file == file)
        if file not in left_out and (without is None or without in people):
            seen += [_seen([f for f in faces if f.file == file], who, known, threshold) for who in people]
    return seen


def _seen(faces: Sequence[Face], person: str, known: KnownFaces, threshold: float) -> Seen:
    """The frames of a file one by one, since nobody is named twice in one."""
    names = []
    for number in dict.fromkeys(face.frame for face in faces):
        here = [face for face in faces if face.frame == number]
        owners = assigned(known.similarities(np.stack([face.vector for face in here])), threshold)
        names += [
            known.people[owner][1] if owner is not None else None
            for face, owner in zip(here, owners, strict=True)
            if face.person == person and face.frontality >= FRONTAL
        ]
    right = names.count(person)
    return Seen(faces[0].file, person, len(names), right, len(names) - right - names.count(None))
