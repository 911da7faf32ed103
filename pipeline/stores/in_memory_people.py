"""Owns the in-memory twin of the store of people, for tests and trials."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from pipeline.stores.people import Collection, KnownVector, Person, Photo


@dataclass
class _Kept:
    """A photo with what goes with it."""

    photo: Photo
    picture: bytes | None
    vectors: dict[str, bytes]


@dataclass
class InMemoryPeopleStore:
    """PeopleStore in memory."""

    _collections: dict[str, Collection] = field(default_factory=dict)
    _people: dict[UUID, Person] = field(default_factory=dict)
    _photos: dict[UUID, dict[UUID, _Kept]] = field(default_factory=dict)
    _versions: dict[str, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def save_collection(self, collection: Collection) -> None:
        with self._lock:
            known = self._collections.get(collection.name)
            created = known.created_at if known else collection.created_at
            self._collections[collection.name] = replace(collection, created_at=created)

    def collection(self, name: str) -> Collection | None:
        return self._collections.get(name)

    def collections(self) -> list[Collection]:
        with self._lock:
            return sorted(self._collections.values(), key=lambda collection: collection.name)

    def delete_collection(self, name: str) -> None:
        with self._lock:
            self._collections.pop(name, None)
            self._change(name)

    def add_person(self, person: Person) -> None:
        with self._lock:
            self._people[person.person_id] = person

    def person(self, person_id: UUID) -> Person | None:
        return self._people.get(person_id)

    def people(self, collection: str, limit: int, after: Person | None = None) -> list[Person]:
        with self._lock:
            known = sorted((p for p in self._people.values() if p.collection == collection), key=_place, reverse=True)
        return [p for p in known if after is None or _place(p) < _place(after)][:limit]

    def count(self, collection: str) -> int:
        with self._lock:
            return sum(person.collection == collection for person in self._people.values())

    def delete_person(self, person_id: UUID) -> None:
        with self._lock:
            left, person = self._photos.pop(person_id, None), self._people.pop(person_id, None)
            for name in [person.collection] if person else list(self._versions) if left else []:
                self._change(name)

    def add_photo(self, person: Person, photo: Photo, picture: bytes | None, vectors: Mapping[str, bytes]) -> None:
        with self._lock:
            kept = _Kept(photo, picture, dict(vectors))
            self._photos.setdefault(person.person_id, {})[photo.photo_id] = kept
            self._change(person.collection)

    def add_vectors(self, person: Person, photo_id: UUID, vectors: Mapping[str, bytes]) -> None:
        with self._lock:
            if kept := self._photos.get(person.person_id, {}).get(photo_id):
                kept.vectors.update(vectors)
                self._change(person.collection)

    def photos(self, person_id: UUID) -> list[Photo]:
        with self._lock:
            known = [
                replace(kept.photo, kept=kept.picture is not None, models=frozenset(kept.vectors))
                for kept in self._photos.get(person_id, {}).values()
            ]
        return sorted(known, key=lambda photo: (photo.added_at, photo.photo_id))

    def picture(self, person_id: UUID, photo_id: UUID) -> bytes | None:
        kept = self._photos.get(person_id, {}).get(photo_id)
        return kept.picture if kept else None

    def delete_picture(self, person_id: UUID, photo_id: UUID) -> None:
        with self._lock:
            if kept := self._photos.get(person_id, {}).get(photo_id):
                kept.picture = None

    def delete_photo(self, person: Person, photo_id: UUID) -> None:
        with self._lock:
            self._photos.get(person.person_id, {}).pop(photo_id, None)
            self._change(person.collection)

    def version(self, collection: str) -> str:
        return self._versions.get(collection, "")

    def vectors(self, collection: str, model_digest: str) -> Iterator[KnownVector]:
        with self._lock:
            people = [person for person in self._people.values() if person.collection == collection]
            found = [
                KnownVector(person.person_id, photo_id, person.name, kept.vectors[model_digest])
                for person in people
                for photo_id, kept in self._photos.get(person.person_id, {}).items()
                if model_digest in kept.vectors
            ]
        return iter(found)

    def _change(self, collection: str) -> None:
        self._versions[collection] = str(uuid4())


def _place(person: Person) -> tuple[float, UUID]:
    return person.created_at.timestamp(), person.person_id
