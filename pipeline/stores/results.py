"""Owns what is kept of frames: the contract of a result store, and what its ledger says."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import AnalyzedFrame, ResultRow
from pipeline.contracts.videos import LedgerCount
from pipeline.patience import patiently
from pipeline.stores.rows import ResultPage, ResultQuery, RowPlace, WrittenRow


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

    def enter(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """As `save`, but the counts are as before until somebody calls `recount`: counting reads a whole bucket."""

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

    def amend(self, video_id: UUID, rows: Sequence[ResultRow], write_timestamp: int) -> None:
        """Have rows that are there say these detections from now on, whoever writes them again in this attempt.

        `write_timestamp` must be later than that of the attempt, and earlier than that of the next. May be repeated.
        """

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


def walk(
    store: ResultStore, video_id: UUID, query: ResultQuery, at_once: int = 1000, patience: float = 0.0
) -> Iterator[ResultRow]:
    """All rows that are wanted, in order, read page by page as they are taken.

    Once it has begun, a store that is away is waited for, `patience` seconds a page.
    """
    page = store.page(video_id, query, at_once)
    yield from page.rows
    while page.next is not None:
        page = patiently(partial(store.page, video_id, query, at_once, page.next), patience)
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
