"""Owns what Cassandra remembers of changed buckets, so that their digests are made anew though a process dies."""

from collections.abc import Sequence
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.stores.results import ChangedBucket

SHARD = 0
ENTER = "UPDATE changed_buckets USING TIMESTAMP ? SET revision = ? WHERE shard = ? AND video_id = ? AND bucket = ?"
DELETE = "DELETE FROM changed_buckets USING TIMESTAMP ? WHERE shard = ? AND video_id = ? AND bucket = ?"


class ChangedBuckets:
    """The list of changed buckets. An entry is as old as the count that it announces, and leaves with that time."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def enter(self, video_id: UUID, bucket: int, revision: int) -> None:
        """Put a bucket on the list."""
        self._db.execute(ENTER, (revision, revision, SHARD, video_id, bucket))

    def listed(self, limit: int) -> list[ChangedBucket]:
        """The first entries, those of a video together."""
        rows = self._db.rows(
            "SELECT video_id, bucket, revision FROM changed_buckets WHERE shard = ? LIMIT ?", (SHARD, limit)
        )
        return [ChangedBucket(row.video_id, row.bucket, row.revision) for row in rows]

    def settle(self, changed: Sequence[ChangedBucket]) -> None:
        """Take entries out; one that was made later stays."""
        self._db.write_many((DELETE, [(c.revision, SHARD, c.video_id, c.bucket)]) for c in changed)

    def remove(self, places: Sequence[tuple[UUID, int]], write_timestamp: int) -> None:
        """Take out whatever is listed of these buckets."""
        self._db.write_many((DELETE, [(write_timestamp, SHARD, *place)]) for place in places)
