"""Owns the store of tombstones on Cassandra."""

from datetime import UTC, datetime
from uuid import UUID

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.deletions import Deletion, DueWipe, deletion_of, first_wipe

SHARD = 0
COLUMNS = "video_id, deleted_at, created_at, status, finished_at, key_id"
ENTER = f"INSERT INTO deleted_videos ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
SELECT = f"SELECT {COLUMNS} FROM deleted_videos WHERE video_id = ?"
LIST = "INSERT INTO due_wipes (shard, due_at, video_id, deleted_at, step) VALUES (?, ?, ?, ?, ?)"
DUE = "SELECT video_id, due_at, deleted_at, step FROM due_wipes WHERE shard = ? AND due_at <= ? LIMIT ?"
UNLIST = "DELETE FROM due_wipes WHERE shard = ? AND due_at = ? AND video_id = ?"


class CassandraDeletionStore:
    """DeletionStore on Cassandra. Rows go by themselves after seventeen days."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def enter(self, video: Video) -> Deletion:
        """Write the tombstone, once it is sure that the video will be looked at again."""
        deletion = deletion_of(video, self.get(video.video_id))
        self._list(first_wipe(deletion))
        times = (deletion.deleted_at, deletion.created_at)
        listed = (deletion.status.value, deletion.finished_at, deletion.key_id)
        self._db.execute(ENTER, (video.video_id, *times, *listed))
        return deletion

    def get(self, video_id: UUID) -> Deletion | None:
        """The tombstone."""
        row = self._db.execute(SELECT, (video_id,)).one()
        if row is None:
            return None
        at, created = row.deleted_at.replace(tzinfo=UTC), row.created_at.replace(tzinfo=UTC)
        return Deletion(row.video_id, at, created, VideoStatus(row.status), utc(row.finished_at), row.key_id)

    def due(self, now: datetime, limit: int) -> list[DueWipe]:
        """What waits longest."""
        return [
            DueWipe(row.video_id, row.due_at.replace(tzinfo=UTC), row.deleted_at.replace(tzinfo=UTC), row.step)
            for row in self._db.rows(DUE, (SHARD, now, limit))
        ]

    def looked(self, due: DueWipe, again: DueWipe | None) -> None:
        """List it anew before the old entry goes, so that none is lost."""
        if again is not None:
            self._list(again)
        if again is None or again.due_at != due.due_at:
            self._db.execute(UNLIST, (SHARD, due.due_at, due.video_id))

    def _list(self, due: DueWipe) -> None:
        self._db.execute(LIST, (SHARD, due.due_at, due.video_id, due.deleted_at, due.step))
