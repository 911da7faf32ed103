"""Owns the answers about people and collections."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from api.people.examples import COLLECTION, COLLECTIONS, LEARNT, PEOPLE, PERSON
from api.responses import Answer, BoxAnswer
from api.services import Services
from pipeline.stores.people import Collection, Person, Photo


class CollectionAnswer(Answer):
    """People who are known for one purpose."""

    model_config = ConfigDict(json_schema_extra={"examples": [COLLECTION]})

    name: str
    purpose: str
    created_at: datetime
    retention_days: int | None = Field(description="after so many days people go by themselves; null: never")
    keep_photos: bool
    people: int = Field(description="how many there are")


class CollectionsAnswer(Answer):
    """All collections, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [COLLECTIONS]})

    items: list[CollectionAnswer]


class FrameFaceAnswer(Answer):
    """The face in an analysed video that a photo was made of."""

    video_id: UUID
    frame_number: int
    box: BoxAnswer | None


class PhotoAnswer(Answer):
    """A photo by which a person is known."""

    photo_id: UUID
    added_at: datetime
    face_size: int = Field(description="pixels of the face's shorter side")
    sharpness: float = Field(description="0.2 and more for a good photo; below 0.015 photos are refused")
    frontality: float = Field(description="1 where the face looks straight at the camera, 0 in profile")
    models: list[str] = Field(description="digests of the embedding models that know it")
    picture_url: str | None = Field(description="the face; null where photos are not kept")
    source: FrameFaceAnswer | None


class PersonAnswer(Answer):
    """A person and their photos."""

    model_config = ConfigDict(json_schema_extra={"examples": [PERSON]})

    person_id: UUID
    name: str
    collection: str
    created_at: datetime
    photos: list[PhotoAnswer] = Field(description="oldest first")


class PeopleAnswer(Answer):
    """A page of people, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [PEOPLE]})

    items: list[PersonAnswer]
    next_cursor: str | None


class LearntAnswer(Answer):
    """How many photos were embedded anew; call again while some remain."""

    model_config = ConfigDict(json_schema_extra={"examples": [LEARNT]})

    embedded: int = Field(description="photos that got a vector by a model that did not know them")
    remaining: int = Field(description="photos that still lack one")
    without_picture: int = Field(description="photos that lack one and were not kept: add them again")
    failed: int = Field(description="kept photos in which no face was found this time")


def collection_answer(services: Services, collection: Collection) -> CollectionAnswer:
    """A collection and how many people it has."""
    known = {name: getattr(collection, name) for name in CollectionAnswer.model_fields if name != "people"}
    return CollectionAnswer(**known, people=services.people.count(collection.name))


def person_answer(services: Services, person: Person) -> PersonAnswer:
    """A person with photos."""
    photos = [_photo(photo) for photo in services.people.photos(person.person_id)]
    return PersonAnswer(
        person_id=person.person_id,
        name=person.name,
        collection=person.collection,
        created_at=person.created_at,
        photos=photos,
    )


def _photo(photo: Photo) -> PhotoAnswer:
    return PhotoAnswer(
        photo_id=photo.photo_id,
        added_at=photo.added_at,
        face_size=photo.face_size,
        sharpness=photo.sharpness,
        frontality=photo.frontality,
        models=sorted(photo.models),
        picture_url=f"/people/{photo.person_id}/photos/{photo.photo_id}" if photo.kept else None,
        source=FrameFaceAnswer.model_validate(photo.source) if photo.source else None,
    )
