"""Owns people who are known by their faces: collections, persons, photos, vectors, and the contract of their store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pipeline.contracts.results import Box

DEFAULT_COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class Collection:
    """People who are known for one stated purpose.

    After `retention_days` people, vectors and crops found by it go; None: they stay until they are deleted. Photos are
    kept, so that another model can learn the people again, only with `keep_photos`.
    """

    name: str
    purpose: str
    created_at: datetime
    retention_days: int | None = None
    keep_photos: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a collection."""

    person_id: UUID
    collection: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FrameFace:
    """The place in an analysed video that a photo was taken from; no box where the frame had one face only."""

    video_id: UUID
    frame_number: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo by which a person is known. `face_size` is pixels of the face's shorter side in what was sent.

    `kept` says whether the picture (the face and some of its surroundings) is there still; `models` are the digests
    of the embedding models that know it.
    """

    photo_id: UUID
    person_id: UUID
    added_at: datetime
    face_size: int
    sharpness: float
    frontality: float
    kept: bool
    models: frozenset[str] = frozenset()
    source: FrameFace | None = None


@dataclass(frozen=True, slots=True)
class KnownVector:
    """One photo's vector (float32, of length 1) and whose it is."""

    person_id: UUID
    photo_id: UUID
    name: str
    vector: bytes


class PeopleStore(Protocol):
    """Known people. Raises StoreUnavailable when it does not answer.

    Whatever changes who would be recognised gives the collection another version, once the change can be read.
    """

    def save_collection(self, collection: Collection) -> None:
        """Make a collection or change it; `created_at` of one that is there stays."""

    def collection(self, name: str) -> Collection | None:
        """A collection by its name."""

    def collections(self) -> list[Collection]:
        """All collections by name; they are few."""

    def delete_collection(self, name: str) -> None:
        """Forget a collection. The caller deletes its people before."""

    def add_person(self, person: Person) -> None:
        """Keep a new person."""

    def person(self, person_id: UUID) -> Person | None:
        """A person by id."""

    def people(self, collection: str, limit: int, after: Person | None = None) -> list[Person]:
        """A page of a collection's people, newest first; `after` is the last of the page before."""

    def count(self, collection: str) -> int:
        """How many people a collection has."""

    def delete_person(self, person_id: UUID) -> None:
        """Remove a person with photos and vectors, also what is left of one whose deletion was interrupted, or what was
        written of one meanwhile.
        """

    def add_photo(self, person: Person, photo: Photo, picture: bytes | None, vectors: Mapping[str, bytes]) -> None:
        """Keep a photo: its facts, the JPEG if it is to be kept, and its vectors by model digest."""

    def add_vectors(self, person: Person, photo_id: UUID, vectors: Mapping[str, bytes]) -> None:
        """Let further models know a photo. The caller looks afterwards whether it is there still, or deletes it."""

    def photos(self, person_id: UUID) -> list[Photo]:
        """A person's photos, oldest first."""

    def picture(self, person_id: UUID, photo_id: UUID) -> bytes | None:
        """The JPEG of a photo that was kept."""

    def delete_picture(self, person_id: UUID, photo_id: UUID) -> None:
        """Forget the JPEG of a photo; the person is known by its vectors still."""

    def delete_photo(self, person: Person, photo_id: UUID) -> None:
        """Remove a photo and its vectors."""

    def version(self, collection: str) -> str:
        """What changes whenever a collection does; empty for one that never had anybody."""

    def vectors(self, collection: str, model_digest: str) -> Iterator[KnownVector]:
        """Every vector that a model has in a collection, one person's together."""
