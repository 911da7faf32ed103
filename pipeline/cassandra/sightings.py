"""Owns the store of sightings on Cassandra: people by video, and videos by person."""

from collections.abc import Iterable
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.stores.sightings import Place

ENTER_VIDEO = "INSERT INTO videos_of_people (person_id, video_id, bucket) VALUES (?, ?, ?) USING TIMESTAMP ?"
ENTER_PERSON = "INSERT INTO people_of_videos (video_id, bucket, person_id) VALUES (?, ?, ?) USING TIMESTAMP ?"
TAKE_VIDEO = "DELETE FROM videos_of_people WHERE person_id = ? AND video_id = ? AND bucket = ?"
TAKE_PERSON = "DELETE FROM people_of_videos WHERE video_id = ? AND bucket = ? AND person_id = ?"
REMOVE = "DELETE FROM people_of_videos USING TIMESTAMP ? WHERE video_id = ? AND bucket = ?"
MOST_KNOWN = 100_000


class CassandraSightingStore:
    """SightingStore on Cassandra; what this process has entered it does not enter again."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client
        self._known: set[tuple[UUID, Place, int]] = set()

    def enter(self, sightings: Iterable[tuple[UUID, Place]], write_timestamp: int) -> None:
        """The entry by person first: it is what erasures go by."""
        new = [s for s in sightings if (*s, write_timestamp) not in self._known]
        if not new:
            return
        self._db.write_many((ENTER_VIDEO, [(person, *place, write_timestamp)]) for person, place in new)
        self._db.write_many((ENTER_PERSON, [(*place, person, write_timestamp)]) for person, place in new)
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known |= {(*s, write_timestamp) for s in new}

    def of_person(self, person_id: UUID) -> list[Place]:
        """Where a person was found."""
        rows = self._db.rows("SELECT video_id, bucket FROM videos_of_people WHERE person_id = ?", (person_id,))
        return [(row.video_id, row.bucket) for row in rows]

    def of_video(self, video_id: UUID) -> list[tuple[int, UUID]]:
        """Who was found in a video."""
        rows = self._db.rows("SELECT bucket, person_id FROM people_of_videos WHERE video_id = ?", (video_id,))
        return [(row.bucket, row.person_id) for row in rows]

    def take_out(self, person_id: UUID, places: Iterable[Place]) -> None:
        """Forget a person at places, the entry by person last."""
        going = [*places]
        self._db.write_many((TAKE_PERSON, [(*place, person_id)]) for place in going)
        self._db.write_many((TAKE_VIDEO, [(person_id, *place)]) for place in going)
        self._known = {known for known in self._known if known[0] != person_id}

    def remove(self, places: Iterable[Place], write_timestamp: int) -> None:
        """Forget who was found at places: entries by person are named by those by video, which go last."""
        delete = TAKE_VIDEO.replace(" WHERE", " USING TIMESTAMP ? WHERE")
        for video_id, bucket in places:
            select = "SELECT person_id FROM people_of_videos WHERE video_id = ? AND bucket = ?"
            people = [row.person_id for row in self._db.rows(select, (video_id, bucket))]
            self._db.write_many((delete, [(write_timestamp, person, video_id, bucket)]) for person in people)
            self._db.execute(REMOVE, (write_timestamp, video_id, bucket))
