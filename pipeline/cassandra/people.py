"""Owns the store of people on Cassandra."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid1

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.contracts.results import Box
from pipeline.stores.people import Collection, FrameFace, KnownVector, Person, Photo

SHARDS = 16
AT_ONCE = 500
COLLECTION = ("name", "purpose", "created_at", "retention_days", "keep_photos")
PERSON = ("person_id", "collection", "name", "created_at")
PHOTO = (
    "person_id", "photo_id", "added_at", "face_size", "sharpness", "frontality", "models", "source_video_id",
    "source_frame", "source_box", "kept",
)  # fmt: skip
VECTOR = ("collection", "model_digest", "shard", "person_id", "photo_id", "name", "vector")
OF_PERSON = "WHERE collection = ? AND model_digest = ? AND shard = ? AND person_id = ?"


class CassandraPeopleStore:
    """PeopleStore on Cassandra. Rows that others are found by are written first and deleted last."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def save_collection(self, collection: Collection) -> None:
        """Written whole, but for the time at which it was made."""
        known = self.collection(collection.name)
        created = known.created_at if known else collection.created_at
        values = [created if name == "created_at" else getattr(collection, name) for name in COLLECTION]
        self._db.execute(_insert("people_collections", COLLECTION), values)

    def collection(self, name: str) -> Collection | None:
        """One row."""
        row = self._db.execute(f"SELECT {', '.join(COLLECTION)} FROM people_collections WHERE name = ?", (name,)).one()
        return _collection(row) if row is not None else None

    def collections(self) -> list[Collection]:
        """They are few, so the table is read."""
        rows = self._db.rows(f"SELECT {', '.join(COLLECTION)} FROM people_collections")
        return sorted(map(_collection, rows), key=lambda collection: collection.name)

    def delete_collection(self, name: str) -> None:
        """Its version stays, changed, so that workers notice."""
        self._db.execute("DELETE FROM people_collections WHERE name = ?", (name,))
        self._change(name)

    def add_person(self, person: Person) -> None:
        """By id first."""
        values = [getattr(person, name) for name in PERSON]
        for table in ("people", "people_by_collection"):
            self._db.execute(_insert(table, PERSON), values)

    def person(self, person_id: UUID) -> Person | None:
        """One row."""
        row = self._db.execute(f"SELECT {', '.join(PERSON)} FROM people WHERE person_id = ?", (person_id,)).one()
        return _person(row) if row is not None else None

    def people(self, collection: str, limit: int, after: Person | None = None) -> list[Person]:
        """A slice of one partition."""
        select = f"SELECT {', '.join(PERSON)} FROM people_by_collection WHERE collection = ?"
        if after is None:
            rows = self._db.execute(f"{select} LIMIT ?", (collection, limit))
        else:
            place = (collection, after.created_at, after.person_id, limit)
            rows = self._db.execute(f"{select} AND (created_at, person_id) < (?, ?) LIMIT ?", place)
        return [_person(row) for row in rows]

    def count(self, collection: str) -> int:
        """Counted anew: thousands of slim rows."""
        row = self._db.execute(
            "SELECT count(*) AS n FROM people_by_collection WHERE collection = ?", (collection,)
        ).one()
        return int(row.n)

    def delete_person(self, person_id: UUID) -> None:
        """The row by id goes last, so that an interrupted deletion can be repeated."""
        person = self.person(person_id)
        if person is None:
            self._delete_rest(person_id)
            return
        for photo in self._all_photos(person_id):
            self._forget_photo(person.collection, photo)
        self._db.execute("DELETE FROM person_photos WHERE person_id = ?", (person_id,))
        self._db.execute(
            "DELETE FROM people_by_collection WHERE collection = ? AND created_at = ? AND person_id = ?",
            (person.collection, person.created_at, person_id),
        )
        self._change(person.collection)
        self._db.execute("DELETE FROM people WHERE person_id = ?", (person_id,))

    def _delete_rest(self, person_id: UUID) -> None:
        """What was written while a person was deleted; the collection is not known any more, so all are asked."""
        photos = self._all_photos(person_id)
        if not photos:
            return
        for row in list(self._db.rows("SELECT collection FROM people_versions")):
            for photo in photos:
                self._forget_photo(row.collection, photo)
            self._change(row.collection)
        self._db.execute("DELETE FROM person_photos WHERE person_id = ?", (person_id,))

    def add_photo(self, person: Person, photo: Photo, picture: bytes | None, vectors: Mapping[str, bytes]) -> None:
        """The row of facts first, since a deletion goes by it."""
        self._db.execute(_insert("person_photos", PHOTO), _photo_row(photo, picture is not None, vectors))
        if picture is not None:
            values = (person.person_id, photo.photo_id, picture)
            self._db.execute(_insert("person_pictures", ("person_id", "photo_id", "picture")), values)
        self._write_vectors(person, photo.photo_id, vectors)

    def add_vectors(self, person: Person, photo_id: UUID, vectors: Mapping[str, bytes]) -> None:
        """The models are named in the row of facts first."""
        self._db.execute(
            "UPDATE person_photos SET models = models + ? WHERE person_id = ? AND photo_id = ?",
            (set(vectors), person.person_id, photo_id),
        )
        self._write_vectors(person, photo_id, vectors)

    def photos(self, person_id: UUID) -> list[Photo]:
        """One partition, but for what came to a photo while it was deleted."""
        photos = (photo for photo in self._all_photos(person_id) if photo.added_at is not None)
        return sorted(photos, key=lambda photo: (photo.added_at, photo.photo_id))

    def _all_photos(self, person_id: UUID) -> list[Photo]:
        """With rows of which only a part is there: an update makes one of a photo that has gone."""
        rows = self._db.execute(f"SELECT {', '.join(PHOTO)} FROM person_photos WHERE person_id = ?", (person_id,))
        return list(map(_photo, rows))

    def picture(self, person_id: UUID, photo_id: UUID) -> bytes | None:
        """One row."""
        row = self._db.execute(
            "SELECT picture FROM person_pictures WHERE person_id = ? AND photo_id = ?", (person_id, photo_id)
        ).one()
        return bytes(row.picture) if row is not None else None

    def delete_picture(self, person_id: UUID, photo_id: UUID) -> None:
        """The picture first."""
        place = (person_id, photo_id)
        self._db.execute("DELETE FROM person_pictures WHERE person_id = ? AND photo_id = ?", place)
        self._db.execute("UPDATE person_photos SET kept = false WHERE person_id = ? AND photo_id = ?", place)

    def delete_photo(self, person: Person, photo_id: UUID) -> None:
        """Its row of facts goes last."""
        photo = next((one for one in self._all_photos(person.person_id) if one.photo_id == photo_id), None)
        if photo is None:
            return
        self._forget_photo(person.collection, photo)
        self._db.execute("DELETE FROM person_photos WHERE person_id = ? AND photo_id = ?", (person.person_id, photo_id))
        self._change(person.collection)

    def version(self, collection: str) -> str:
        """One row."""
        row = self._db.execute("SELECT version FROM people_versions WHERE collection = ?", (collection,)).one()
        return str(row.version) if row is not None else ""

    def vectors(self, collection: str, model_digest: str) -> Iterator[KnownVector]:
        """Partition by partition; in each, one person's rows stand together."""
        cql = (
            "SELECT person_id, photo_id, name, vector FROM person_vectors "
            "WHERE collection = ? AND model_digest = ? AND shard = ?"
        )
        for shard in range(SHARDS):
            for row in self._db.rows(cql, (collection, model_digest, shard), AT_ONCE):
                yield KnownVector(row.person_id, row.photo_id, row.name, bytes(row.vector))

    def _write_vectors(self, person: Person, photo_id: UUID, vectors: Mapping[str, bytes]) -> None:
        shard = _shard(person.person_id)
        for digest, vector in vectors.items():
            values = (person.collection, digest, shard, person.person_id, photo_id, person.name, vector)
            self._db.execute(_insert("person_vectors", VECTOR), values)
        self._change(person.collection)

    def _forget_photo(self, collection: str, photo: Photo) -> None:
        """Delete what goes with a photo's row of facts."""
        person_id, photo_id = photo.person_id, photo.photo_id
        for digest in photo.models:
            place = (collection, digest, _shard(person_id), person_id, photo_id)
            self._db.execute(f"DELETE FROM person_vectors {OF_PERSON} AND photo_id = ?", place)
        self._db.execute("DELETE FROM person_pictures WHERE person_id = ? AND photo_id = ?", (person_id, photo_id))

    def _change(self, collection: str) -> None:
        self._db.execute(_insert("people_versions", ("collection", "version")), (collection, uuid1()))


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _shard(person_id: UUID) -> int:
    return person_id.bytes[-1] % SHARDS


def _collection(row: Any) -> Collection:
    return Collection(row.name, row.purpose or "", utc(row.created_at), row.retention_days, bool(row.keep_photos))  # type: ignore[arg-type]


def _person(row: Any) -> Person:
    return Person(row.person_id, row.collection, row.name, utc(row.created_at))  # type: ignore[arg-type]


def _photo_row(photo: Photo, kept: bool, vectors: Iterable[str]) -> list[Any]:
    source = photo.source
    box = source.box if source else None
    values = {
        "kept": kept,
        "models": set(vectors),
        "source_video_id": source.video_id if source else None,
        "source_frame": source.frame_number if source else None,
        "source_box": box.numbers if box else None,
    }
    return [values[name] if name in values else getattr(photo, name) for name in PHOTO]


def _photo(row: Any) -> Photo:
    box = Box(*row.source_box) if row.source_box is not None else None
    source = FrameFace(row.source_video_id, row.source_frame, box) if row.source_video_id is not None else None
    return Photo(
        row.photo_id,
        row.person_id,
        utc(row.added_at),  # type: ignore[arg-type]
        row.face_size,
        row.sharpness,
        row.frontality,
        bool(row.kept),
        frozenset(row.models or ()),
        source,
    )
