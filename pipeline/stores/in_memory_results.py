"""Owns the in-memory twin of the result store, for tests and trials; several threads may use it."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import AnalyzedFrame, ResultRow, ResultStatus, TaskName
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
    rows_of,
    write_timestamp,
)
from pipeline.stores.rows import ResultPage, ResultQuery, RowPlace, WrittenRow
from pipeline.stores.sightings import InMemorySightingStore, sightings_of

_CLOCK = itertools.count(1)


@dataclass
class InMemoryResultStore:
    """The twin for tests and trials; `sightings` are entered as results are."""

    sightings: InMemorySightingStore = field(default_factory=InMemorySightingStore)
    _rows: dict[tuple[UUID, RowPlace], ResultRow] = field(default_factory=dict)
    _ledger: dict[tuple[UUID, int], AnalyzedFrame] = field(default_factory=dict)
    _stored_at: dict[tuple[UUID, int], datetime] = field(default_factory=dict)
    _cleared: dict[tuple[UUID, int], LedgerEntry] = field(default_factory=dict)
    _written: dict[object, int] = field(default_factory=dict)
    _removed: dict[object, int] = field(default_factory=dict)
    _revisions: dict[tuple[UUID, int], int] = field(default_factory=dict)
    _changed: dict[tuple[UUID, int], int] = field(default_factory=dict)

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        self.sightings.enter(sightings_of(frames), 0)
        for frame in frames:
            place, at = (frame.video_id, frame.frame_number), write_timestamps[frame.video_id]
            if self._is_newest(place, place, write_timestamp(at, frame.failed)):
                # Others look for when it was stored once they have seen the entry.
                self._stored_at[place] = datetime.now(UTC)
                self._ledger[place] = frame
            for row in rows_of(frame):
                key = frame.video_id, RowPlace(row.frame_number, row.task)
                if self._is_newest(key, place, write_timestamp(at, row.status is ResultStatus.FAILED)):
                    self._rows[key] = row
            self._touch(frame.video_id, bucket_of(frame.frame_number))

    def enter(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Counts are never behind here."""
        self.save(frames, write_timestamps)

    def _is_newest(self, key: object, place: tuple[UUID, int], timestamp: int) -> bool:
        removals = (self._removed.get(place, -1), self._removed.get((place[0], "bucket", bucket_of(place[1])), -1))
        if timestamp <= max(removals):
            return False
        newest = self._written[key] = max(timestamp, self._written.get(key, timestamp))
        return timestamp == newest

    def _entered(self, video_id: UUID) -> list[tuple[int, AnalyzedFrame]]:
        return sorted(
            ((number, frame) for (known, number), frame in list(self._ledger.items()) if known == video_id),
            key=lambda item: item[0],
        )

    def summaries(self, video_id: UUID) -> list[BucketSummary]:
        numbers = {number for known, number in (*self._ledger, *self._cleared) if known == video_id}
        return [self._summary(video_id, bucket) for bucket in sorted({bucket_of(number) for number in numbers})]

    def _summary(self, video_id: UUID, bucket: int) -> BucketSummary:
        outcomes = self.outcomes(video_id, bucket).values()
        times = [frame.media_time for number, frame in self._entered(video_id) if bucket_of(number) == bucket]
        count = LedgerCount(sum(not failed for failed in outcomes), sum(outcomes))
        revision = self._revisions.get((video_id, bucket), 0)
        worked = WorkTimes()
        for number, frame in self._entered(video_id):
            if bucket_of(number) == bucket:
                at = self._stored_at[video_id, number]
                worked = worked.joined(WorkTimes(frame.started_at, frame.finished_at, at, at))
        return BucketSummary(bucket, count, min(times, default=None), max(times, default=None), revision, worked)

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        for bucket in buckets:
            if self.outcomes(video_id, bucket):
                self._touch(video_id, bucket)

    def _touch(self, video_id: UUID, bucket: int) -> None:
        self._changed[video_id, bucket] = self._revisions[video_id, bucket] = next(_CLOCK)

    def changed(self, limit: int) -> list[ChangedBucket]:
        return [ChangedBucket(*place, revision) for place, revision in sorted(self._changed.items())][:limit]

    def settle(self, changed: Sequence[ChangedBucket]) -> None:
        for bucket in changed:
            if self._changed.get((bucket.video_id, bucket.bucket)) == bucket.revision:
                del self._changed[bucket.video_id, bucket.bucket]

    def outcomes(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        found = {number: entry.failed for (known, number), entry in list(self._cleared.items()) if known == video_id}
        found |= {number: frame.failed for number, frame in self._entered(video_id)}
        return {number: found[number] for number in sorted(found) if bucket_of(number) == bucket}

    def entries(self, video_id: UUID, bucket: int) -> list[LedgerEntry]:
        return [
            LedgerEntry(
                number,
                frame.failed,
                self._stored_at[video_id, number],
                self._written[video_id, number],
                frame.reason,
                frame.media_time,
            )
            for number, frame in self._entered(video_id)
            if bucket_of(number) == bucket
        ]

    def row_counts(self, video_id: UUID, bucket: int) -> dict[int, int]:
        numbers = [place.frame_number for known, place in list(self._rows) if known == video_id]
        return {number: numbers.count(number) for number in sorted(set(numbers)) if bucket_of(number) == bucket}

    def captured(self, video_id: UUID, bucket: int) -> dict[int, datetime]:
        rows = (row for (known, place), row in list(self._rows.items()) if known == video_id)
        return {r.frame_number: r.captured_at for r in rows if bucket_of(r.frame_number) == bucket and r.captured_at}

    def clear(self, video_id: UUID, bucket: int, entries: Sequence[LedgerEntry], write_timestamp: int) -> None:
        at = deletion_timestamp(write_timestamp, entries)
        for entry in entries:
            self._cleared[video_id, entry.frame_number] = entry
            self._delete(video_id, entry.frame_number, at)
            self._removed[video_id, entry.frame_number] = at
        self.recount(video_id, [bucket])

    def reopen(self, video_id: UUID, bucket: int, attempt_timestamp: int) -> frozenset[int]:
        stay = {e.frame_number for e in self.entries(video_id, bucket) if keeps_outcome(e, attempt_timestamp)}
        cleared = {
            n: e.failed for (known, n), e in list(self._cleared.items()) if known == video_id and bucket_of(n) == bucket
        }
        kept = frozenset(stay | {number for number, failed in cleared.items() if not failed})
        at = reopening_timestamp(attempt_timestamp)
        for number in all_but(bucket, kept):
            self._cleared.pop((video_id, number), None)
            self._delete(video_id, number, at)
            self._removed[video_id, number] = max(at, self._removed.get((video_id, number), at))
        self.recount(video_id, [bucket])
        return kept

    def _delete(self, video_id: UUID, number: int, timestamp: int) -> None:
        """Delete what was written of a frame until then."""
        if self._written.get((video_id, number), timestamp) <= timestamp:
            self._ledger.pop((video_id, number), None)
        for key in [(video_id, RowPlace(number, task)) for task in TaskName]:
            if self._written.get(key, timestamp) <= timestamp:
                self._rows.pop(key, None)

    def remove(self, video_id: UUID, buckets: Iterable[int], write_timestamp: int) -> None:
        for bucket in buckets:
            self.sightings.remove([(video_id, bucket)], write_timestamp)
            for number in {*self.outcomes(video_id, bucket), *self.row_counts(video_id, bucket)}:
                self._delete(video_id, number, write_timestamp)
                self._cleared.pop((video_id, number), None)
            self._removed[video_id, "bucket", bucket] = write_timestamp
            self._changed.pop((video_id, bucket), None)

    def amend(self, video_id: UUID, rows: Sequence[ResultRow], write_timestamp: int) -> None:
        for row in rows:
            key = video_id, RowPlace(row.frame_number, row.task)
            if key in self._rows and self._is_newest(key, (video_id, row.frame_number), write_timestamp):
                self._rows[key] = replace(self._rows[key], detections=row.detections)

    def failure_reason(self, video_id: UUID) -> str | None:
        found = {number: entry.error for (known, number), entry in list(self._cleared.items()) if known == video_id}
        found |= {number: frame.reason for number, frame in self._entered(video_id) if frame.failed}
        return next((found[number] for number in sorted(found) if found[number]), None)

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        places = sorted(
            place for known, place in list(self._rows) if known == video_id and (after is None or place > after)
        )
        found: list[ResultRow] = []
        for place in places:
            if (row := query.narrow(self._rows[video_id, place])) is None:
                continue
            if len(found) == limit:
                return ResultPage(tuple(found), RowPlace(found[-1].frame_number, found[-1].task))
            found.append(row)
        return ResultPage(tuple(found), None)

    def frame(self, video_id: UUID, frame_number: int) -> tuple[ResultRow, ...]:
        return tuple(
            row
            for (known, place), row in sorted(self._rows.items(), key=lambda item: item[0][1])
            if known == video_id and place.frame_number == frame_number
        )

    def written(self, video_id: UUID, after: RowPlace, frame_to: int, limit: int) -> tuple[WrittenRow, ...]:
        known = sorted(place for owner, place in list(self._rows) if owner == video_id)
        places = [place for place in known if place > after and place.frame_number <= frame_to][:limit]
        keys = [(video_id, place) for place in places]
        return tuple(WrittenRow(self._rows[key], self._written[key]) for key in keys if key in self._rows)

    def close(self) -> None:
        return None
