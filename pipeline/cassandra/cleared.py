"""Owns what Cassandra remembers of cleared frames, and the deletes that clear them."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid1

from pipeline import bitmap
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.videos import ranges
from pipeline.stores.results import LedgerEntry

GROUP_SPANS = 50
INSERT_CLEARED = (
    "INSERT INTO cleared_frames (video_id, bucket, clearing, done, failed, error) VALUES (?, ?, ?, ?, ?, ?) "
    "USING TIMESTAMP ?"
)
FORGET_FAILED = (
    "UPDATE cleared_frames USING TIMESTAMP ? SET failed = ?, error = null "
    "WHERE video_id = ? AND bucket = ? AND clearing = ?"
)
IN_BUCKET = "FROM cleared_frames WHERE video_id = ? AND bucket = ?"


class ClearedFrames:
    """The frames that had an outcome before they were cleared, as bits. What was entered once stays true."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def of(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        """For each cleared frame number of a bucket: whether it had failed."""
        found: dict[int, bool] = {}
        for row in self._db.rows(f"SELECT done, failed {IN_BUCKET}", (video_id, bucket)):
            found |= dict.fromkeys(bitmap.unpack(bucket, row.failed), True)
            found |= dict.fromkeys(bitmap.unpack(bucket, row.done), False)
        return found

    def enter(self, video_id: UUID, bucket: int, entries: Sequence[LedgerEntry], write_timestamp: int) -> None:
        """Remember these frames beside those of other clearings."""
        done = bitmap.pack(bucket, (entry.frame_number for entry in entries if not entry.failed))
        failed = bitmap.pack(bucket, (entry.frame_number for entry in entries if entry.failed))
        reason = next((entry.error for entry in entries if entry.failed and entry.error), None)
        self._db.execute(INSERT_CLEARED, (video_id, bucket, uuid1(), done, failed, reason, write_timestamp))

    def forget_failed(self, video_id: UUID, bucket: int, write_timestamp: int) -> None:
        """Forget the failed frames of a bucket that were cleared before `write_timestamp`."""
        for row in self._db.rows(f"SELECT clearing, failed {IN_BUCKET}", (video_id, bucket)):
            if bitmap.unpack(bucket, row.failed):
                none = bitmap.pack(bucket, ())
                self._db.execute(FORGET_FAILED, (write_timestamp, none, video_id, bucket, row.clearing))

    def failure_reason(self, video_id: UUID, bucket: int) -> str | None:
        """Why a cleared frame of a bucket had failed."""
        rows = self._db.rows(f"SELECT error {IN_BUCKET}", (video_id, bucket))
        return next((str(row.error) for row in rows if row.error), None)


def deletions(
    table: str, video_id: UUID, bucket: int, frame_numbers: Sequence[int], write_timestamp: int
) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """Deletes of exactly these frames, neighbours together: one between them may be on its way."""
    delete = (
        f"DELETE FROM {table} USING TIMESTAMP ? "
        "WHERE video_id = ? AND bucket = ? AND frame_number >= ? AND frame_number <= ?"
    )
    numbers = sorted(frame_numbers)
    spans = ranges(range(numbers[0], numbers[-1] + 1), numbers) if numbers else ()
    for start in range(0, len(spans), GROUP_SPANS):
        group = spans[start : start + GROUP_SPANS]
        yield delete, [(write_timestamp, video_id, bucket, span.first, span.last) for span in group]
