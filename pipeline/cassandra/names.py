"""Owns by what videos can be found: the submitter's own names for them, and the keys that made them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.videos import Video
from pipeline.stores.videos import CreatedCursor

FIRST_YEAR = 2025
IN_YEAR = "FROM external_ids WHERE external_id = ? AND year = ?"
ENTER = "INSERT INTO external_ids (external_id, year, created_at, video_id) VALUES (?, ?, ?, ?)"
REMEMBER = "INSERT INTO video_names (video_id, external_id, created_at) VALUES (?, ?, ?)"
SPEND = "UPDATE idempotency_keys SET video_id = null, fingerprint = null WHERE scope = ? AND key = ? IF video_id = ?"


class VideoNames:
    """The names of videos. An entry comes before its video; one that names none is passed over by who reads it."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def enter(self, video: Video) -> None:
        """Note what a video is called, if it is called anything."""
        if video.external_id is not None:
            self._db.execute(REMEMBER, (video.video_id, video.external_id, video.created_at))
            self._db.execute(ENTER, (video.external_id, video.created_at.year, video.created_at, video.video_id))

    def correct(self, entered: Video, known: Video | None) -> None:
        """Put right what `enter` wrote for a video whose id is taken by another."""
        if entered.external_id is not None:
            self._take_out(entered.external_id, entered.created_at, entered.video_id)
        if known is not None:
            self.enter(known)

    def of(self, external_id: str, limit: int, after: CreatedCursor | None) -> Iterator[UUID]:
        """The videos of one name, newest first, fetched `limit` at a time while they are taken."""
        newest = after.created_at.year if after else datetime.now(UTC).year
        for year in range(newest, FIRST_YEAR - 1, -1):
            if after and year == newest:
                place = (after.created_at, after.video_id)
                select = f"SELECT video_id {IN_YEAR} AND (created_at, video_id) < (?, ?)"
                rows = self._db.rows(select, (external_id, year, *place), limit)
            else:
                rows = self._db.rows(f"SELECT video_id {IN_YEAR}", (external_id, year), limit)
            yield from (row.video_id for row in rows)

    def forget(self, video_id: UUID) -> None:
        """Take out every entry of a video; the key that made it makes no other."""
        select = "SELECT external_id, created_at, scope, key FROM video_names WHERE video_id = ?"
        row = self._db.execute(select, (video_id,)).one()
        if row is None:
            return
        if row.external_id is not None:
            self._take_out(row.external_id, row.created_at.replace(tzinfo=UTC), video_id)
        if row.key is not None:
            self._db.apply(SPEND, (row.scope, row.key, video_id))
        self._db.execute("DELETE FROM video_names WHERE video_id = ?", (video_id,))

    def _take_out(self, external_id: str, created_at: datetime, video_id: UUID) -> None:
        self._db.execute(
            f"DELETE {IN_YEAR} AND created_at = ? AND video_id = ?",
            (external_id, created_at.year, created_at, video_id),
        )
