"""Owns the rows of results and ledger in CQL: columns, statements, and how they become what the pipeline knows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import utc
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import (
    AnalyzedFrame,
    Box,
    Detection,
    FrameResult,
    ResultRow,
    ResultStatus,
    TaskName,
)
from pipeline.stores.results import (
    WorkTimes,
    write_timestamp,
)

RESULT_COLUMNS = (
    "video_id",
    "bucket",
    "frame_number",
    "task",
    "media_time",
    "captured_at",
    "model",
    "model_digest",
    "status",
    "error",
    "inference_ms",
    "worker",
    "detections",
)
LEDGER_COLUMNS = (
    "video_id",
    "bucket",
    "frame_number",
    "failed",
    "media_time",
    "stored_at",
    "error",
    "started_at",
    "finished_at",
)
TIMES = tuple(f.name for f in fields(WorkTimes))
COUNT_COLUMNS = ("video_id", "bucket", "done", "failed", "first_media_time", "last_media_time", *TIMES)
AT_ONCE = 500
LISTED_BUCKETS = 20
GROUP_BYTES = 32_000
"""About the most of one request. With 5,000 bytes in each, 64 frames cost Cassandra 1.7 times as much."""
GROUP_ROWS = 64
SCANNED_ROWS = 5_000
"""How many rows one page looks at before it stops, so that a rare label cannot hold a request for long."""

Group = tuple[str, list[Sequence[Any]]]


def insert(table: str, columns: Sequence[str]) -> str:
    """The statement that writes a row with a write timestamp of its own."""
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) USING TIMESTAMP ?"


INSERT_RESULT = insert("results", RESULT_COLUMNS)
INSERT_LEDGER = insert("ledger", LEDGER_COLUMNS)
INSERT_COUNT = insert("ledger_counts", COUNT_COLUMNS)
AMEND = (
    "UPDATE results USING TIMESTAMP ? SET detections = ? "
    "WHERE video_id = ? AND bucket = ? AND frame_number = ? AND task = ?"
)
IN_BUCKET = "WHERE video_id = ? AND bucket = ?"
SELECT_RESULTS = f"SELECT {', '.join(RESULT_COLUMNS)} FROM results WHERE video_id = ? AND bucket = ?"
SELECT_WRITTEN = (
    f"SELECT {', '.join(RESULT_COLUMNS)}, writetime(status) AS written FROM results "
    f"{IN_BUCKET} AND (frame_number, task) > (?, ?) AND (frame_number) <= (?) LIMIT ?"
)
SELECT_RANGE = f"{SELECT_RESULTS} AND frame_number >= ? AND frame_number <= ?"


def result_groups(bucket: int, at: int, frames: Iterable[AnalyzedFrame]) -> Iterator[Group]:
    """Rows of one partition in requests of some kilobytes."""
    rows: list[Sequence[Any]] = []
    weight = 0
    for frame in frames:
        for result in frame.results:
            size = _size(result)
            if rows and weight + size > GROUP_BYTES:
                yield INSERT_RESULT, rows
                rows, weight = [], 0
            rows.append(_to_row(bucket, at, frame, result))
            weight += size
    if rows:
        yield INSERT_RESULT, rows


def _size(result: FrameResult) -> int:
    """About how many bytes a row has: each value is a length and a few bytes."""
    texts = sum(len(d.label) + sum(len(name) + 16 for name in d.attributes) for d in result.detections)
    return 250 + len(result.error or "") + 70 * len(result.detections) + texts


def ledger_groups(bucket: int, at: int, frames: Sequence[AnalyzedFrame]) -> Iterator[Group]:
    """Ledger rows of one partition, some in each request."""
    now = datetime.now(UTC)
    for start in range(0, len(frames), GROUP_ROWS):
        yield (
            INSERT_LEDGER,
            [
                (
                    f.video_id,
                    bucket,
                    f.frame_number,
                    int(f.failed),
                    f.media_time,
                    now,
                    f.reason,
                    f.started_at,
                    f.finished_at,
                    write_timestamp(at, f.failed),
                )
                for f in frames[start : start + GROUP_ROWS]
            ],
        )


def _to_row(bucket: int, at: int, frame: AnalyzedFrame, result: FrameResult) -> Sequence[Any]:
    return (
        frame.video_id,
        bucket,
        frame.frame_number,
        result.task.value,
        frame.media_time,
        frame.captured_at,
        result.model,
        result.model_digest,
        result.status.value,
        result.error,
        result.inference_ms,
        frame.worker,
        [_to_detection(d) for d in result.detections],
        write_timestamp(at, result.status is ResultStatus.FAILED),
    )


def amendments(video_id: UUID, rows: Iterable[ResultRow], at: int) -> Iterator[Group]:
    """Other detections of rows that are there."""
    for row in rows:
        place = (video_id, bucket_of(row.frame_number), row.frame_number, row.task.value)
        yield AMEND, [(at, [_to_detection(d) for d in row.detections], *place)]


def _to_detection(d: Detection) -> tuple[Any, ...]:
    return d.label, d.confidence, _box(d.box), dict(d.attributes), d.person_id


def _box(box: Box | None) -> tuple[float, float, float, float] | None:
    return box.numbers if box else None


def from_row(row: Any) -> ResultRow:
    """A row as the pipeline knows it."""
    return ResultRow(
        row.video_id,
        row.frame_number,
        row.media_time,
        utc(row.captured_at),
        TaskName(row.task),
        row.model,
        row.model_digest,
        ResultStatus(row.status),
        row.error,
        row.inference_ms,
        row.worker,
        tuple(_detection(d) for d in row.detections or ()),
    )


def _detection(value: Any) -> Detection:
    return Detection(
        value.label,
        value.confidence,
        Box(*value.box) if value.box is not None else None,
        dict(value.attributes or {}),
        value.person_id,
    )
