"""Owns the digest store on Cassandra: 64 buckets a partition."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from itertools import groupby
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import TaskName
from pipeline.digests.codec import decode, encode
from pipeline.digests.totals import LabelTotal, totals_of
from pipeline.stores.digests import KeptDigest, Stamp

SHELF_BUCKETS = 64
AT_ONCE = 8
INSERT = (
    "INSERT INTO digests (video_id, shelf, bucket, revision, mark, content, totals) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "USING TIMESTAMP ?"
)
CONFIRM = "UPDATE digests USING TIMESTAMP ? SET revision = ? WHERE video_id = ? AND shelf = ? AND bucket = ?"
DELETE = "DELETE FROM digests USING TIMESTAMP ? WHERE video_id = ? AND shelf = ? AND bucket = ?"


class CassandraDigestStore:
    """DigestStore on Cassandra. A digest is as old as its revision, so that a slow writer spoils nothing."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def save(self, video_id: UUID, kept: KeptDigest) -> None:
        """Keep a digest and its totals."""
        bucket, stamp = kept.digest.bucket, kept.stamp
        totals = json.dumps([astuple(total) for total in totals_of(kept.digest)])
        content = encode(kept.digest)
        place = (video_id, bucket // SHELF_BUCKETS, bucket)
        self._db.execute(INSERT, (*place, stamp.revision, stamp.mark, content, totals, stamp.revision))

    def confirm(self, video_id: UUID, bucket: int, revision: int) -> None:
        """Say that what is kept of a bucket is right for this revision too."""
        self._db.execute(CONFIRM, (revision, revision, video_id, bucket // SHELF_BUCKETS, bucket))

    def stamps(self, video_id: UUID, buckets: Sequence[int]) -> dict[int, Stamp]:
        """What those that are kept of these buckets were made of."""
        rows = self._rows("bucket, revision, mark", video_id, buckets)
        return {row.bucket: Stamp(row.revision, row.mark) for row in rows if row.mark is not None}

    def read(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[KeptDigest]:
        """Those that are kept of these buckets; one that cannot be read is as good as none."""
        for row in self._rows("bucket, revision, mark, content", video_id, buckets, AT_ONCE):
            if row.content is None:
                continue
            try:
                yield KeptDigest(Stamp(row.revision, row.mark), decode(row.content))
            except RecordInvalid:
                continue

    def totals(self, video_id: UUID, buckets: Sequence[int]) -> Iterator[LabelTotal]:
        """The totals of those that are kept of these buckets."""
        for row in self._rows("bucket, totals", video_id, buckets):
            for task, *line in json.loads(row.totals or "[]"):
                yield LabelTotal(TaskName(task), *line)

    def remove(self, video_id: UUID, buckets: Sequence[int]) -> None:
        """Delete those of these buckets."""
        self._db.write_many(removals([(video_id, bucket) for bucket in buckets], time.time_ns() // 1000))

    def _rows(self, columns: str, video_id: UUID, buckets: Sequence[int], at_once: int = 500) -> Iterator[Any]:
        wanted = set(buckets)
        select = f"SELECT {columns} FROM digests WHERE video_id = ? AND shelf = ? AND bucket >= ? AND bucket <= ?"
        for shelf, group in groupby(sorted(wanted), key=lambda bucket: bucket // SHELF_BUCKETS):
            members = list(group)
            rows = self._db.rows(select, (video_id, shelf, members[0], members[-1]), at_once)
            yield from (row for row in rows if row.bucket in wanted)


def removals(places: Sequence[tuple[UUID, int]], write_timestamp: int) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """The deletes of these buckets' digests."""
    for video_id, bucket in places:
        yield DELETE, [(write_timestamp, video_id, bucket // SHELF_BUCKETS, bucket)]
