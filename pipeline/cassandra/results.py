"""Owns the result store on Cassandra: results, the ledger and its counts, in partitions of 1,000 frame numbers."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby
from typing import Any
from uuid import UUID

from pipeline.cassandra.changes import ChangedBuckets
from pipeline.cassandra.cleared import ClearedFrames, deletions
from pipeline.cassandra.client import CassandraClient, utc
from pipeline.cassandra.digests import removals
from pipeline.cassandra.faces import raw_removals
from pipeline.cassandra.result_rows import (
    AT_ONCE,
    IN_BUCKET,
    INSERT_COUNT,
    LISTED_BUCKETS,
    SCANNED_ROWS,
    SELECT_RANGE,
    SELECT_RESULTS,
    SELECT_WRITTEN,
    TIMES,
    amendments,
    from_row,
    ledger_groups,
    result_groups,
)
from pipeline.cassandra.sightings import CassandraSightingStore
from pipeline.cassandra.tracks import clear_tracks, points_removals
from pipeline.contracts.frames import BUCKET_FRAMES, MAX_FRAME_NUMBER, bucket_of
from pipeline.contracts.results import (
    AnalyzedFrame,
    ResultRow,
)
from pipeline.contracts.videos import LedgerCount
from pipeline.stores.results import (
    BucketSummary,
    ChangedBucket,
    LedgerEntry,
    WorkTimes,
    all_but,
    deletion_timestamp,
    keeps_outcome,
    reopening_timestamp,
)
from pipeline.stores.rows import ResultPage, ResultQuery, RowPlace, WrittenRow
from pipeline.stores.sightings import sightings_of


class CassandraResultStore:
    """ResultStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client
        self._cleared = ClearedFrames(client)
        self._changes = ChangedBuckets(client)
        self._sightings = CassandraSightingStore(client)

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store results, then the ledger, then the counts of the buckets that were written."""
        self.enter(frames, write_timestamps)
        for video_id, bucket in dict.fromkeys((frame.video_id, bucket_of(frame.frame_number)) for frame in frames):
            self.recount(video_id, [bucket])

    def enter(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store where known people were found, then results, then the ledger."""
        for person_id, place in sightings_of(frames):
            self._sightings.enter([(person_id, place)], write_timestamps[place[0]])
        buckets: dict[tuple[UUID, int], list[AnalyzedFrame]] = defaultdict(list)
        for frame in frames:
            buckets[frame.video_id, bucket_of(frame.frame_number)].append(frame)
        places = [(key, write_timestamps[key[0]], members) for key, members in buckets.items()]
        self._db.write_many(g for (_, bucket), at, members in places for g in result_groups(bucket, at, members))
        self._db.write_many(g for (_, bucket), at, members in places for g in ledger_groups(bucket, at, members))

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        """Count the ledger of these buckets anew, with what was cleared of them.

        A count carries the time at which counting began: whoever entered rows later counts later, and of several
        who count at once the last one stays.
        """
        for bucket in buckets:
            began = time.time_ns() // 1000
            counted = self._count(video_id, bucket)
            if counted.count.total:
                self._changes.enter(video_id, bucket, began)
                self._db.execute(
                    INSERT_COUNT,
                    (
                        video_id,
                        bucket,
                        counted.count.done,
                        counted.count.failed,
                        counted.first_media_time,
                        counted.last_media_time,
                        *astuple(counted.times),
                        began,
                    ),
                )

    def _count(self, video_id: UUID, bucket: int) -> BucketSummary:
        row = self._db.execute(
            "SELECT count(*) AS total, sum(failed) AS failed, min(media_time) AS first, max(media_time) AS last, "
            "min(started_at) AS analysis_started_at, max(finished_at) AS analysis_finished_at, "
            f"min(stored_at) AS first_stored_at, max(stored_at) AS last_stored_at FROM ledger {IN_BUCKET}",
            (video_id, bucket),
        ).one()
        worked = _times(row)
        if not self._cleared.of(video_id, bucket):
            count = LedgerCount(row.total - row.failed, row.failed)
        else:
            failed = list(self.outcomes(video_id, bucket).values())
            count = LedgerCount(failed.count(False), failed.count(True))
            worked = worked.joined(self._worked(video_id, bucket))
        first, last = (row.first, row.last) if row.total else (None, None)
        return BucketSummary(bucket, count, first, last, times=worked)

    def _worked(self, video_id: UUID, bucket: int) -> WorkTimes:
        """What was counted before: cleared frames have left the ledger."""
        select = f"SELECT {', '.join(TIMES)} FROM ledger_counts {IN_BUCKET}"
        row = self._db.execute(select, (video_id, bucket)).one()
        return _times(row) if row is not None else WorkTimes()

    def summaries(self, video_id: UUID) -> list[BucketSummary]:
        """The counts of each bucket, ascending."""
        rows = self._db.rows(
            f"SELECT bucket, done, failed, first_media_time, last_media_time, {', '.join(TIMES)}, "
            "writetime(done) AS revision FROM ledger_counts WHERE video_id = ?",
            (video_id,),
        )
        return [
            BucketSummary(
                r.bucket, LedgerCount(r.done, r.failed), r.first_media_time, r.last_media_time, r.revision, _times(r)
            )
            for r in rows
        ]

    def changed(self, limit: int) -> list[ChangedBucket]:
        """Buckets that have changed and were not settled since."""
        return self._changes.listed(limit)

    def settle(self, changed: Sequence[ChangedBucket]) -> None:
        """Take buckets off the list, but for those that have changed again."""
        self._changes.settle(changed)

    def outcomes(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        """For each frame number of a bucket with an outcome: whether it failed.

        A frame is entered as cleared before it leaves the ledger, so the ledger is read first.
        """
        rows = self._db.rows(f"SELECT frame_number, failed FROM ledger {IN_BUCKET}", (video_id, bucket))
        entered = {row.frame_number: bool(row.failed) for row in rows}
        found = self._cleared.of(video_id, bucket) | entered
        return {number: found[number] for number in sorted(found)}

    def entries(self, video_id: UUID, bucket: int) -> list[LedgerEntry]:
        """The frames of a bucket that are in the ledger, ascending."""
        rows = self._db.rows(
            "SELECT frame_number, failed, stored_at, writetime(stored_at) AS written, error, media_time "
            f"FROM ledger {IN_BUCKET}",
            (video_id, bucket),
        )
        return [
            LedgerEntry(
                row.frame_number,
                bool(row.failed),
                row.stored_at.replace(tzinfo=UTC),
                row.written,
                row.error,
                row.media_time,
            )
            for row in rows
        ]

    def row_counts(self, video_id: UUID, bucket: int) -> dict[int, int]:
        """For each frame number of a bucket that has results: how many rows."""
        rows = self._db.rows(f"SELECT frame_number FROM results {IN_BUCKET}", (video_id, bucket))
        return dict(Counter(row.frame_number for row in rows))

    def captured(self, video_id: UUID, bucket: int) -> dict[int, datetime]:
        """For each frame number of a bucket that has results and was captured live: when."""
        rows = self._db.rows(f"SELECT frame_number, captured_at FROM results {IN_BUCKET}", (video_id, bucket))
        return {row.frame_number: row.captured_at.replace(tzinfo=UTC) for row in rows if row.captured_at}

    def clear(self, video_id: UUID, bucket: int, entries: Sequence[LedgerEntry], write_timestamp: int) -> None:
        """Remember that these frames had an outcome, then delete their results, then their ledger rows."""
        numbers = [entry.frame_number for entry in entries]
        if entries:
            self._cleared.enter(video_id, bucket, entries, write_timestamp)
        at = deletion_timestamp(write_timestamp, entries)
        for table in ("results", "ledger"):
            self._db.write_many(deletions(table, video_id, bucket, numbers, at))
        if not self.entries(video_id, bucket):
            clear_tracks(self._db, video_id, bucket)
            if any(summary.bucket > bucket for summary in self.summaries(video_id)):  # nobody is entered here any more
                self._sightings.remove([(video_id, bucket)], at)
        self.recount(video_id, [bucket])

    def reopen(self, video_id: UUID, bucket: int, attempt_timestamp: int) -> frozenset[int]:
        """Delete what no good outcome says, with what may come late of it, and count anew."""
        cleared = {number for number, failed in self._cleared.of(video_id, bucket).items() if not failed}
        entries = self.entries(video_id, bucket)
        kept = frozenset(cleared.union(e.frame_number for e in entries if keeps_outcome(e, attempt_timestamp)))
        at = reopening_timestamp(attempt_timestamp)
        self._cleared.forget_failed(video_id, bucket, at)
        for table in ("results", "ledger"):
            self._db.write_many(deletions(table, video_id, bucket, all_but(bucket, kept), at))
        self._count_what_is_left(video_id, bucket)
        return kept

    def _count_what_is_left(self, video_id: UUID, bucket: int) -> None:
        """Count a bucket of which all may have gone: then its count goes too."""
        began = time.time_ns() // 1000
        if self._count(video_id, bucket).count.total:
            self.recount(video_id, [bucket])
        else:
            self._changes.enter(video_id, bucket, began)
            self._db.execute(f"DELETE FROM ledger_counts USING TIMESTAMP ? {IN_BUCKET}", (began, video_id, bucket))

    def remove(self, video_id: UUID, buckets: Iterable[int], write_timestamp: int) -> None:
        """Delete the partitions of these buckets; their counts last, since they say which buckets there are."""
        places = [(video_id, bucket) for bucket in buckets]
        self._sightings.remove(places, write_timestamp)
        self._db.write_many(raw_removals(places, write_timestamp))
        for table in ("results", "ledger", "cleared_frames"):
            delete = f"DELETE FROM {table} USING TIMESTAMP ? {IN_BUCKET}"
            self._db.write_many((delete, [(write_timestamp, *place)]) for place in places)
        now = max(time.time_ns() // 1000, write_timestamp)
        self._changes.remove(places, now)
        self._db.write_many(removals(places, now))
        self._db.write_many(points_removals(places, now))
        delete = f"DELETE FROM ledger_counts USING TIMESTAMP ? {IN_BUCKET}"
        self._db.write_many((delete, [(now, *place)]) for place in places)

    def amend(self, video_id: UUID, rows: Sequence[ResultRow], write_timestamp: int) -> None:
        """Write the detections alone: all else of a row, and when it was written, stays."""
        self._db.write_many(amendments(video_id, rows, write_timestamp))

    def failure_reason(self, video_id: UUID) -> str | None:
        """Why a frame failed."""
        buckets = (summary.bucket for summary in self.summaries(video_id) if summary.count.failed)
        return next((reason for bucket in buckets if (reason := self._reason(video_id, bucket))), None)

    def _reason(self, video_id: UUID, bucket: int) -> str | None:
        rows = self._db.rows(f"SELECT failed, error FROM ledger {IN_BUCKET}", (video_id, bucket))
        reason = next((str(row.error) for row in rows if row.failed and row.error), None)
        return reason or self._cleared.failure_reason(video_id, bucket)

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        """At most `limit` rows in order; where no detections are left out, no more are fetched than that."""
        found: list[ResultRow] = []
        at_once = min(AT_ONCE, limit + 1) if query.label is None and query.min_confidence is None else AT_ONCE
        for scanned, row in enumerate(self._scan(video_id, query, after, at_once), start=1):
            if len(found) == limit:
                return ResultPage(tuple(found), RowPlace(found[-1].frame_number, found[-1].task))
            if (wanted := query.narrow(row)) is not None:
                found.append(wanted)
            if scanned == SCANNED_ROWS:
                return ResultPage(tuple(found), RowPlace(row.frame_number, row.task))
        return ResultPage(tuple(found), None)

    def _scan(self, video_id: UUID, query: ResultQuery, after: RowPlace | None, at_once: int) -> Iterator[ResultRow]:
        first = max(after.frame_number if after else 1, query.frame_from or 1)
        for summary in self.summaries(video_id):
            if not _overlaps(summary, query, first):
                continue
            low = max(first, summary.bucket * BUCKET_FRAMES + 1)
            high = min(query.frame_to or MAX_FRAME_NUMBER, (summary.bucket + 1) * BUCKET_FRAMES)
            rows = self._db.rows(SELECT_RANGE, (video_id, summary.bucket, low, high), at_once)
            for row in rows:
                if after is None or RowPlace(row.frame_number, row.task) > after:
                    yield from_row(row)

    def frame(self, video_id: UUID, frame_number: int) -> tuple[ResultRow, ...]:
        """The rows of one frame."""
        if not 0 < frame_number <= MAX_FRAME_NUMBER:
            return ()
        rows = self._db.rows(
            f"{SELECT_RESULTS} AND frame_number = ?", (video_id, bucket_of(frame_number), frame_number)
        )
        return tuple(from_row(row) for row in rows)

    def written(self, video_id: UUID, after: RowPlace, frame_to: int, limit: int) -> tuple[WrittenRow, ...]:
        """The first `limit` rows behind a place; buckets are read as they are needed."""
        found: list[WrittenRow] = []
        for bucket in self._buckets_from(video_id, bucket_of(max(after.frame_number, 1))):
            if len(found) == limit or bucket * BUCKET_FRAMES >= frame_to:
                break
            asked = (video_id, bucket, after.frame_number, after.task, frame_to, limit - len(found))
            found += [WrittenRow(from_row(row), row.written) for row in self._db.rows(SELECT_WRITTEN, asked)]
        return tuple(found)

    def _buckets_from(self, video_id: UUID, first: int) -> Iterator[int]:
        """Buckets that may have rows, ascending: those of sampled frames too, since a bucket is counted after its rows
        are written.
        """
        tables = ("ledger_counts", "sampled_frames")
        selects = (f"SELECT bucket FROM {table} WHERE video_id = ? AND bucket >= ?" for table in tables)
        found = [self._db.rows(select, (video_id, first), LISTED_BUCKETS) for select in selects]
        return (bucket for bucket, _ in groupby(merge(*(map(_bucket, rows) for rows in found))))

    def close(self) -> None:
        """Give back connections."""
        self._db.close()


def _times(row: Any) -> WorkTimes:
    return WorkTimes(*(utc(getattr(row, name)) for name in TIMES))


def _bucket(row: Any) -> int:
    return int(row.bucket)


def _overlaps(summary: BucketSummary, query: ResultQuery, first: int) -> bool:
    return (
        summary.first_media_time is not None
        and summary.last_media_time is not None
        and (summary.bucket + 1) * BUCKET_FRAMES >= first
        and (query.frame_to is None or summary.bucket * BUCKET_FRAMES < query.frame_to)
        and (query.time_from is None or summary.last_media_time >= query.time_from)
        and (query.time_to is None or summary.first_media_time <= query.time_to)
    )
