"""Owns learning people again from kept photos, by embedding models that do not know them yet."""

import time
from collections.abc import Mapping, Sequence

from api.people.answers import LearntAnswer
from api.services import Services
from pipeline.portraits.faces import PictureUnreadable
from pipeline.stores.people import Collection, Person, Photo

SECONDS = 20.0
"""How long one request works; what remains is for the next."""
PAGE = 200

Pairs = Sequence[tuple[Person, Photo]]


def learn(services: Services, collection: Collection, seconds: float = SECONDS) -> LearntAnswer:
    """Embed kept photos that a model which can be had does not know; as many as can be done in so many seconds."""
    until = time.monotonic() + seconds
    pairs = _photos(services, collection)
    wanted = _models(services, pairs)
    lacking = [(person, photo) for person, photo in pairs if not wanted <= photo.models]
    kept = [(person, photo) for person, photo in lacking if photo.kept]
    embedded = failed = 0
    for person, photo in kept:
        if time.monotonic() > until:
            break
        known = _vectors(services, person, photo)
        vectors = {digest: vector for digest, vector in known.items() if digest not in photo.models}
        if vectors:
            _add(services, person, photo, vectors)
        embedded, failed = embedded + bool(vectors), failed + (not vectors)
    remaining = len(kept) - embedded - failed
    return LearntAnswer(embedded=embedded, remaining=remaining, without_picture=len(lacking) - len(kept), failed=failed)


def _add(services: Services, person: Person, photo: Photo, vectors: Mapping[str, bytes]) -> None:
    """Let further models know a photo; if it was deleted while they looked at it, it stays so."""
    services.people.add_vectors(person, photo.photo_id, vectors)
    there = {known.photo_id for known in services.people.photos(person.person_id)}
    if photo.photo_id not in there or services.people.person(person.person_id) is None:
        services.people.delete_photo(person, photo.photo_id)


def _photos(services: Services, collection: Collection) -> Pairs:
    people: list[Person] = []
    while page := services.people.people(collection.name, PAGE, people[-1] if people else None):
        people += page
    return [(person, photo) for person in people for photo in services.people.photos(person.person_id)]


def _models(services: Services, pairs: Pairs) -> frozenset[str]:
    """The models that can be had, as a kept photo brings to light; without any, those that know somebody here."""
    for person, photo in pairs:
        picture = services.people.picture(person.person_id, photo.photo_id) if photo.kept else None
        if picture is not None:
            return frozenset(model.digest for model in services.portraits.read(picture).models)
    return frozenset[str]().union(*(photo.models for _, photo in pairs))


def _vectors(services: Services, person: Person, photo: Photo) -> Mapping[str, bytes]:
    """The vectors of the largest face of a kept photo; none where it cannot be found again."""
    picture = services.people.picture(person.person_id, photo.photo_id)
    if picture is None:
        return {}
    try:
        portrait = services.portraits.read(picture)
    except PictureUnreadable:
        return {}
    return portrait.faces[0].vectors if portrait.faces else {}
