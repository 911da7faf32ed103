"""Owns people who are known by their faces: enrolling them, and the collections that they are in."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import Field

from framewise.answers import Answer, Box
from framewise.connection import Connection

PAGE = 100
Picture = str | Path | bytes


class Collection(Answer):
    """People who are known for one purpose, and after how many days they go."""

    name: str
    purpose: str
    created_at: datetime
    retention_days: int | None = None
    keep_photos: bool = True
    people: int = 0


class Photo(Answer):
    """A photo by which a person is known; `picture_url` is None where photos are not kept."""

    photo_id: str
    added_at: datetime
    face_size: int = 0
    sharpness: float = 0.0
    frontality: float = 0.0
    models: list[str] = Field(default=[])
    picture_url: str | None = None
    source: dict[str, Any] | None = None


class Person(Answer):
    """Somebody who is known."""

    person_id: str
    name: str
    collection: str
    created_at: datetime
    photos: list[Photo] = Field(default=[])


class Knowing:
    """Lets people be known, and looks them up."""

    _connection: Connection

    def collections(self) -> list[Collection]:
        """The collections, by name."""
        found = self._connection.json("GET", "/people/collections")["items"]
        return [Collection.model_validate(one) for one in found]

    def put_collection(
        self, name: str, purpose: str, *, retention_days: int | None = None, keep_photos: bool = True
    ) -> Collection:
        """Make a collection, or change it; a purpose has to be stated."""
        body = {"purpose": purpose, "retentionDays": retention_days, "keepPhotos": keep_photos}
        return Collection.model_validate(self._connection.json("PUT", f"/people/collections/{name}", json=body))

    def enrol(self, name: str, *photos: Picture, collection: str = "default") -> Person:
        """Let somebody be known by photos with one face each; Invalid has the reason for each that is refused."""
        data = {"name": name, "collection": collection}
        return Person.model_validate(self._connection.json("POST", "/people", data=data, files=_files(photos)))

    def enrol_from_frame(
        self,
        name: str,
        video_id: str | UUID,
        frame_number: int,
        box: Box | None = None,
        *,
        collection: str = "default",
    ) -> Person:
        """Let somebody be known by their face in an analysed video; the box says which, where there are several."""
        body = {"name": name, "collection": collection, "videoId": str(video_id), "frameNumber": frame_number}
        if box is not None:
            body |= {"box": {side: getattr(box, side) for side in ("x", "y", "width", "height")}}
        return Person.model_validate(self._connection.json("POST", "/people", json=body))

    def add_photos(self, person_id: str | UUID, *photos: Picture) -> Person:
        """More photos of somebody who is known."""
        path = f"/people/{person_id}/photos"
        return Person.model_validate(self._connection.json("POST", path, files=_files(photos)))

    def delete_photo(self, person_id: str | UUID, photo_id: str | UUID) -> Person:
        """Forget a photo."""
        return Person.model_validate(self._connection.json("DELETE", f"/people/{person_id}/photos/{photo_id}"))

    def person(self, person_id: str | UUID) -> Person:
        """Somebody who is known."""
        return Person.model_validate(self._connection.json("GET", f"/people/{person_id}"))

    def people(self, collection: str = "default") -> Iterator[Person]:
        """Everybody of a collection, newest first, read page by page."""
        cursor: str | None = None
        while True:
            asked = {"collection": collection, "limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = self._connection.json("GET", "/people", params=asked)
            yield from (Person.model_validate(one) for one in page["items"])
            if (cursor := page["next_cursor"]) is None:
                return


def _files(photos: Sequence[Picture]) -> list[tuple[str, tuple[str, bytes]]]:
    pictures = (photo if isinstance(photo, bytes) else Path(photo).read_bytes() for photo in photos)
    return [("photos", (f"photo-{number}", picture)) for number, picture in enumerate(pictures, 1)]
