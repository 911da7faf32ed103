"""Owns the beginning of an erasure: what must be known is written down, then the people go and nobody is named."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.contracts.erasures import Brief, ErasedFrames, Erasure, KnownFace, Removed, new_erasure
from pipeline.contracts.results import Box
from pipeline.stores.erasures import ErasedFrame, ErasureStore
from pipeline.stores.people import FrameFace, KnownVector, PeopleStore, Person, Photo

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
USUAL_THRESHOLD = 0.5
"""For vectors of a model that has no card any more."""


def begin(
    people: PeopleStore,
    erasures: ErasureStore,
    persons: Sequence[Person],
    frames: ErasedFrames,
    thresholds: Mapping[str, float],
    faces: Iterable[KnownFace] = (),
    key_id: str | None = None,
) -> Erasure:
    """Begin to erase these people, and whoever has these faces; the receipt as it is by now.

    `thresholds` are those of embedding models by digest. Raises StoreError: then nothing has gone, or all will.
    """
    photos = {person.person_id: people.photos(person.person_id) for person in persons}
    known = tuple(face for person in persons for face in _faces(people, person, photos[person.person_id], thresholds))
    ids = frozenset(person.person_id for person in persons)
    brief = Brief(ids, frozenset(person.name for person in persons), (*known, *faces))
    many = sum(map(len, photos.values()))
    removed = Removed(people=len(persons), photos=many, vectors=len(known))
    erasure = replace(new_erasure(brief, frames, key_id), removed=removed)
    erasures.begin(erasure, brief)
    erasures.note(
        erasure.erasure_id, [_source(photo.source) for one in photos.values() for photo in one if photo.source]
    )
    for person_id in ids:
        people.delete_person(person_id)
    return erasure


def _source(source: FrameFace) -> ErasedFrame:
    """The frame that a photo was taken from."""
    return ErasedFrame(source.video_id, source.frame_number, (source.box or WHOLE,))


def _faces(
    people: PeopleStore, person: Person, photos: Iterable[Photo], thresholds: Mapping[str, float]
) -> list[KnownFace]:
    """The person's vectors, of every model that knows one of their photos."""
    models = {model for photo in photos for model in photo.models}
    return [
        KnownFace(model, thresholds.get(model, USUAL_THRESHOLD), tuple(np.frombuffer(known.vector, "<f4").tolist()))
        for model in sorted(models)
        for known in _vectors(people, person, model)
    ]


def _vectors(people: PeopleStore, person: Person, model: str) -> list[KnownVector]:
    return [known for known in people.vectors(person.collection, model) if known.person_id == person.person_id]
