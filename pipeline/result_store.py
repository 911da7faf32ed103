"""Owns what is kept of frames: the contract of a result store, its queries, and its in-memory twin."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pipeline.contracts.frames import BUCKET_FRAMES, bucket_of
from pipeline.contracts.results import AnalyzedFrame, Detection, ResultRow, ResultStatus, TaskName
from pipeline.contracts.videos import LedgerCount


@dataclass(frozen=True, slots=True)
class ResultQuery:
    """Which rows are wanted; `None` leaves a field open.

    Times are seconds of media time; the ends of ranges are included. With `label` or `min_confidence` a row
    holds only the detections that match, and rows without any are left out.
    """

    tasks: frozenset[TaskName] | None = None
    model: str | None = None
    label: str | None = None
    min_confidence: float | None = None
    time_from: float | None = None
    time_to: float | None = None
    frame_from: int | None = None
    frame_to: int | None = None

    def narrow(self, row: ResultRow) -> ResultRow | None:
        """The row with the detections that match, or None if it is not wanted."""
        if not self._wanted(row):
            return None
        if self.label is None and self.min_confidence is None:
            return row
        found = tuple(d for d in row.detections if self._matches(d))
        return replace(row, detections=found) if found else None

    def _wanted(self, row: ResultRow) -> bool:
        return (
            (self.tasks is None or row.task in self.tasks)
            and (self.model is None or row.model == self.model)
            and _within(row.media_time, self.time_from, self.time_to)
            and _within(row.frame_number, self.frame_from, self.frame_to)
        )

    def _matches(self, detection: Detection) -> bool:
        return (self.label is None or detection.label == self.label) and (
            self.min_confidence is None or detection.confidence >= self.min_confidence
        )


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


@dataclass(frozen=True, slots=True, order=True)
class RowPlace:
    """Where a row stands in a video's results: by frame number, then by task."""

    frame_number: int
    task: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Rows in order, and where to go on; `next` is None at the end of what is stored."""

    rows: tuple[ResultRow, ...]
    next: RowPlace | None


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row, and the write timestamp that it carries."""

    row: ResultRow
    write_timestamp: int

    @property
    def attempt_timestamp(self) -> int:
        """Of the attempt that wrote it, see `write_timestamp`."""
        return self.write_timestamp + (self.row.status is ResultStatus.FAILED)


@dataclass(frozen=True, slots=True)
class WorkTimes:
    """When the first frame was taken in hand and the last one let go, and when the first and last were entered."""

    analysis_started_at: datetime | None = None
    analysis_finished_at: datetime | None = None
    first_stored_at: datetime | None = None
    last_stored_at: datetime | None = None

    def joined(self, other: "WorkTimes") -> "WorkTimes":
        """The times of the work on both."""

        def of(pick: Callable[..., datetime], one: datetime | None, two: datetime | None) -> datetime | None:
            return pick((at for at in (one, two) if at is not None), default=None)

        return WorkTimes(
            of(min, self.analysis_started_at, other.analysis_started_at),
            of(max, self.analysis_finished_at, other.analysis_finished_at),
            of(min, self.first_stored_at, other.first_stored_at),
            of(max, self.last_stored_at, other.last_stored_at),
        )


@dataclass(frozen=True, slots=True)
class BucketSummary:
    """What the ledger says of one bucket, cleared frames counted in.

    Times are seconds of media time, of the frames that are there still; None when all were cleared. `revision` is
    another one whenever the rows of the bucket may have changed.
    """

    bucket: int
    count: LedgerCount
    first_media_time: float | None
    last_media_time: float | None
    revision: int = field(default=0, compare=False)
    times: WorkTimes = field(default=WorkTimes(), compare=False)


@dataclass(frozen=True, slots=True, order=True)
class ChangedBucket:
    """A bucket whose rows may have changed, and the revision that its summary has, or will have, since."""

    video_id: UUID
    bucket: int
    revision: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A frame that is in the ledger, when it was entered, and with which write timestamp.

    `media_time` is seconds since the video's first frame.
    """

    frame_number: int
    failed: bool
    stored_at: datetime
    write_timestamp: int
    error: str | None = None
    media_time: float = 0.0


class ResultStore(Protocol):
    """Results, and the ledger of what became of each frame. Raises StoreUnavailable when it does not answer.

    Of two rows for one frame (and task), the one with the later write timestamp stays. With the same timestamp, a
    good one stays before a failed one. What was cleared or removed stays away, but for rows with a later write
    timestamp than that of the removal.
    """

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store results and enter the ledger; saving the same again changes nothing.

        `write_timestamps` gives each video's attempt timestamp in microseconds. When this returns, everything
        can be read and the counts are right.
        """

    def summaries(self, video_id: UUID) -> list[BucketSummary]:
        """The counts of each bucket that has an outcome, ascending."""

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        """Count the ledger of these buckets anew."""

    def changed(self, limit: int) -> list[ChangedBucket]:
        """At most `limit` buckets that have changed and were not settled since, those of a video together."""

    def settle(self, changed: Sequence[ChangedBucket]) -> None:
        """Take buckets off the list of changed ones, but for those that have changed again."""

    def outcomes(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        """For each frame number of a bucket with an outcome: whether it failed. Cleared frames had one."""

    def entries(self, video_id: UUID, bucket: int) -> list[LedgerEntry]:
        """The frames of a bucket that are in the ledger, ascending; cleared ones are not."""

    def row_counts(self, video_id: UUID, bucket: int) -> dict[int, int]:
        """For each frame number of a bucket that has results: how many rows."""

    def captured(self, video_id: UUID, bucket: int) -> dict[int, datetime]:
        """For each frame number of a bucket that has results and was captured live: when (UTC)."""

    def clear(self, video_id: UUID, bucket: int, entries: Sequence[LedgerEntry], write_timestamp: int) -> None:
        """Delete the results and ledger rows of these frames of a bucket, and remember that they had an outcome.

        Counts and outcomes are as before. `write_timestamp` must be later than that of the attempt, and earlier than
        that of the next; an entry that was written later than that goes all the same. May be repeated.
        """

    def reopen(self, video_id: UUID, bucket: int, attempt_timestamp: int) -> frozenset[int]:
        """Make room in a bucket for another attempt; returns the frames that keep their outcome.

        Those are the good ones, cleared ones too, and whatever this attempt has entered already. Failed outcomes of
        earlier attempts go, and none that is late comes back. May be repeated.
        """

    def remove(self, video_id: UUID, buckets: Iterable[int], write_timestamp: int) -> None:
        """Delete all that is kept of these buckets, and forget that it was ever there. May be repeated."""

    def failure_reason(self, video_id: UUID) -> str | None:
        """Why a frame failed, of the first bucket that has a failed one with a reason."""

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        """At most `limit` rows in order; a page may hold fewer and still have a `next`."""

    def frame(self, video_id: UUID, frame_number: int) -> tuple[ResultRow, ...]:
        """The rows of one frame."""

    def written(self, video_id: UUID, after: RowPlace, frame_to: int, limit: int) -> tuple[WrittenRow, ...]:
        """The first `limit` rows behind a place, up to a frame; fewer only when there are no more."""

    def close(self) -> None:
        """Give back connections."""


def write_timestamp(attempt_timestamp: int, failed: bool) -> int:
    """The write timestamp of a row, in microseconds.

    A failure is a microsecond older than a success of the same attempt: when a frame is tried again and the outcome
    differs, a store that decides cell by cell keeps one of the rows whole.
    """
    return attempt_timestamp - failed


def deletion_timestamp(write_timestamp: int, entries: Iterable[LedgerEntry]) -> int:
    """The write timestamp that deletes entries: at least `write_timestamp`, and none of them is newer."""
    return max(write_timestamp, *(entry.write_timestamp for entry in entries), 0)


def walk(store: ResultStore, video_id: UUID, query: ResultQuery, at_once: int = 1000) -> Iterator[ResultRow]:
    """All rows that are wanted, in order, read page by page as they are taken."""
    page = store.page(video_id, query, at_once)
    yield from page.rows
    while page.next is not None:
        page = store.page(video_id, query, at_once, page.next)
        yield from page.rows


def reopening_timestamp(attempt_timestamp: int) -> int:
    """The write timestamp that deletes what earlier attempts wrote, and nothing of this one."""
    return write_timestamp(attempt_timestamp, failed=True) - 1


def all_but(bucket: int, kept: Collection[int]) -> list[int]:
    """The frame numbers of a bucket but for these, ascending."""
    first = bucket * BUCKET_FRAMES + 1
    return [number for number in range(first, first + BUCKET_FRAMES) if number not in kept]


def keeps_outcome(entry: LedgerEntry, attempt_timestamp: int) -> bool:
    """Whether an attempt leaves an entry of the ledger as it is: a good one, or one of its own."""
    return not entry.failed or entry.write_timestamp > reopening_timestamp(attempt_timestamp)


def count(store: ResultStore, video_id: UUID) -> LedgerCount:
    """How many frames of a video have an outcome."""
    return sum((s.count for s in store.summaries(video_id)), LedgerCount())


def rows_of(frame: AnalyzedFrame) -> Iterator[ResultRow]:
    """The rows that an analysed frame becomes."""
    for r in frame.results:
        yield ResultRow(
            frame.video_id,
            frame.frame_number,
            frame.media_time,
            frame.captured_at,
            r.task,
            r.model,
            r.model_digest,
            r.status,
            r.error,
            r.inference_ms,
            frame.worker,
            r.detections,
        )


_CLOCK = itertools.count(1)


@dataclass
class InMemoryResultStore:
    """The twin for tests and trials."""

    _rows: dict[tuple[UUID, RowPlace], ResultRow] = field(default_factory=dict)
    _ledger: dict[tuple[UUID, int], AnalyzedFrame] = field(default_factory=dict)
    _stored_at: dict[tuple[UUID, int], datetime] = field(default_factory=dict)
    _cleared: dict[tuple[UUID, int], LedgerEntry] = field(default_factory=dict)
    _written: dict[object, int] = field(default_factory=dict)
    _removed: dict[object, int] = field(default_factory=dict)
    _revisions: dict[tuple[UUID, int], int] = field(default_factory=dict)
    _changed: dict[tuple[UUID, int], int] = field(default_factory=dict)

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        for frame in frames:
            place, at = (frame.video_id, frame.frame_number), write_timestamps[frame.video_id]
            if self._is_newest(place, place, write_timestamp(at, frame.failed)):
                self._ledger[place] = frame
                self._stored_at[place] = datetime.now(UTC)
            for row in rows_of(frame):
                key = frame.video_id, RowPlace(row.frame_number, row.task)
                if self._is_newest(key, place, write_timestamp(at, row.status is ResultStatus.FAILED)):
                    self._rows[key] = row
            self._touch(frame.video_id, bucket_of(frame.frame_number))

    def _is_newest(self, key: object, place: tuple[UUID, int], timestamp: int) -> bool:
        removals = (self._removed.get(place, -1), self._removed.get((place[0], "bucket", bucket_of(place[1])), -1))
        if timestamp <= max(removals):
            return False
        newest = self._written[key] = max(timestamp, self._written.get(key, timestamp))
        return timestamp == newest

    def _entered(self, video_id: UUID) -> list[tuple[int, AnalyzedFrame]]:
        return sorted(
            ((number, frame) for (known, number), frame in self._ledger.items() if known == video_id),
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
        found = {number: entry.failed for (known, number), entry in self._cleared.items() if known == video_id}
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
        numbers = [place.frame_number for known, place in self._rows if known == video_id]
        return {number: numbers.count(number) for number in sorted(set(numbers)) if bucket_of(number) == bucket}

    def captured(self, video_id: UUID, bucket: int) -> dict[int, datetime]:
        rows = (row for (known, place), row in self._rows.items() if known == video_id)
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
            n: e.failed for (known, n), e in self._cleared.items() if known == video_id and bucket_of(n) == bucket
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
            for number in {*self.outcomes(video_id, bucket), *self.row_counts(video_id, bucket)}:
                self._delete(video_id, number, write_timestamp)
                self._cleared.pop((video_id, number), None)
            self._removed[video_id, "bucket", bucket] = write_timestamp
            self._changed.pop((video_id, bucket), None)

    def failure_reason(self, video_id: UUID) -> str | None:
        found = {number: entry.error for (known, number), entry in self._cleared.items() if known == video_id}
        found |= {number: frame.reason for number, frame in self._entered(video_id) if frame.failed}
        return next((found[number] for number in sorted(found) if found[number]), None)

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        places = sorted(place for known, place in self._rows if known == video_id and (after is None or place > after))
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
