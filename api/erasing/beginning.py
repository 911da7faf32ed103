"""Owns the beginning of erasures that are asked for: whom they are about."""

from collections.abc import Iterable
from uuid import UUID

import numpy as np

from api.caller import Caller
from api.erasing.faces import the_face
from api.people.sent import Sent
from api.services import Services
from pipeline.contracts.erasures import ErasedFrames, Erasure, KnownFace
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.erasing.beginning import begin
from pipeline.portraits.faces import EmbeddingModel, PortraitFace
from pipeline.stores.people import Person


def erase_person(services: Services, caller: Caller, person_id: UUID, frames: ErasedFrames) -> Erasure:
    """Begin to erase a person who is known; raises NotFound."""
    person = services.people.person(person_id)
    if person is None:
        raise NotFound(f"there is no person {person_id}; one who was deleted stays in receipts as a digest only")
    return begin(services.people, services.erasures, [person], frames, services.thresholds, key_id=caller.key_id)


def erase_by_face(services: Services, caller: Caller, sent: Sent, frames: ErasedFrames) -> Erasure:
    """Begin to erase whoever has a face that was sent.

    Raises what reading it raises, and Conflict when the face is that of people with different names.
    """
    face, models = the_face(services, caller, sent)
    persons = list(_people_with(services, face, models))
    if len({person.name for person in persons}) > 1:
        ids = ", ".join(sorted(str(person.person_id) for person in persons))
        raise Conflict(f"the face is like that of several people ({ids}); delete the right one by id")
    thresholds = {model.digest: model.threshold for model in models}
    faces = [
        KnownFace(m.digest, m.threshold, tuple(np.frombuffer(face.vectors[m.digest], "<f4").tolist()))
        for m in models
        if m.digest in face.vectors
    ]
    return begin(services.people, services.erasures, persons, frames, thresholds, faces, caller.key_id)


def _people_with(services: Services, face: PortraitFace, models: Iterable[EmbeddingModel]) -> Iterable[Person]:
    """The people of all collections who have this face, by any model that knows them."""
    found = {
        known.person_id
        for model in models
        if (vector := face.vectors.get(model.digest))
        for collection in services.people.collections()
        for known in services.people.vectors(collection.name, model.digest)
        if np.dot(np.frombuffer(known.vector, "<f4"), np.frombuffer(vector, "<f4")) >= model.threshold
    }
    people = (services.people.person(person_id) for person_id in sorted(found))
    return [person for person in people if person is not None]
