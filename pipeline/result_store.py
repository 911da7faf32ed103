"""Owns what is kept of frames: the contract of a result store, its queries, and its in-memory twin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from pipeline.contracts.frames import bucket_of
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
class BucketSummary:
    """What the ledger says of one bucket; times are seconds of media time."""

    bucket: int
    count: LedgerCount
    first_media_time: float
    last_media_time: float


class ResultStore(Protocol):
    """Results, and the ledger of what became of each frame. Raises StoreUnavailable when it does not answer.

    Of two rows for one frame (and task), the one with the later write timestamp stays. With the same timestamp, a
    good one stays before a failed one.
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

    def outcomes(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        """For each frame number of a bucket with an outcome: whether it failed."""

    def failure_reason(self, video_id: UUID) -> str | None:
        """Why a frame failed, of the first bucket that has a failed one."""

    def page(self, video_id: UUID, query: ResultQuery, limit: int, after: RowPlace | None = None) -> ResultPage:
        """At most `limit` rows in order; a page may hold fewer and still have a `next`."""

    def frame(self, video_id: UUID, frame_number: int) -> tuple[ResultRow, ...]:
        """The rows of one frame."""

    def close(self) -> None:
        """Give back connections."""


def write_timestamp(attempt_timestamp: int, failed: bool) -> int:
    """The write timestamp of a row, in microseconds.

    A failure is a microsecond older than a success of the same attempt: when a frame is tried again and the outcome
    differs, a store that decides cell by cell keeps one of the rows whole.
    """
    return attempt_timestamp - failed


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


@dataclass
class InMemoryResultStore:
    """The twin for tests and trials."""

    _rows: dict[tuple[UUID, RowPlace], ResultRow] = field(default_factory=dict)
    _ledger: dict[tuple[UUID, int], AnalyzedFrame] = field(default_factory=dict)
    _written: dict[object, int] = field(default_factory=dict)

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        for frame in frames:
            at = write_timestamps[frame.video_id]
            if self._is_newest((frame.video_id, frame.frame_number), write_timestamp(at, frame.failed)):
                self._ledger[frame.video_id, frame.frame_number] = frame
            for row in rows_of(frame):
                key = frame.video_id, RowPlace(row.frame_number, row.task)
                if self._is_newest(key, write_timestamp(at, row.status is ResultStatus.FAILED)):
                    self._rows[key] = row

    def _is_newest(self, key: object, timestamp: int) -> bool:
        newest = self._written[key] = max(timestamp, self._written.get(key, timestamp))
        return timestamp == newest

    def summaries(self, video_id: UUID) -> list[BucketSummary]:
        buckets: dict[int, list[AnalyzedFrame]] = {}
        for (known, number), frame in sorted(self._ledger.items(), key=lambda item: item[0][1]):
            if known == video_id:
                buckets.setdefault(bucket_of(number), []).append(frame)
        return [
            BucketSummary(
                bucket,
                LedgerCount(sum(not f.failed for f in frames), sum(f.failed for f in frames)),
                min(f.media_time for f in frames),
                max(f.media_time for f in frames),
            )
            for bucket, frames in buckets.items()
        ]

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        return None

    def outcomes(self, video_id: UUID, bucket: int) -> dict[int, bool]:
        return {
            number: frame.failed
            for (known, number), frame in sorted(self._ledger.items(), key=lambda item: item[0][1])
            if known == video_id and bucket_of(number) == bucket
        }

    def failure_reason(self, video_id: UUID) -> str | None:
        failed = (f for (known, _), f in sorted(self._ledger.items(), key=lambda i: i[0][1]) if known == video_id)
        return next((f.reason for f in failed if f.failed and f.reason), None)

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

    def close(self) -> None:
        return None
