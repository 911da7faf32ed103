"""Owns the row of a video in CQL: columns, statements, and how it becomes a video."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pipeline.cassandra.client import utc
from pipeline.contracts.errors import Problem
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Identification, TaskName, TaskRequest
from pipeline.contracts.videos import (
    Gap,
    KeepFrames,
    Sampling,
    SourceKind,
    SourceProgress,
    Video,
    VideoStatus,
)

SHARD = 0
SAMPLING = tuple(f.name for f in fields(Sampling))
PLAIN = (
    "video_id",
    "source_url",
    "video_name",
    "max_duration",
    "external_id",
    "callback_url",
    "created_at",
    "started_at",
    "finished_at",
    "attempt",
    "attempt_timestamp",
    "frames_expected",
    "last_frame_number",
    "parent_id",
    "key_id",
    "request_id",
    "traceparent",
    "veiled_at",
)
COLUMNS = (*PLAIN, *SAMPLING, "status", "source", "tasks", "tags", "error", "store_frames", "keep")
PROGRESS = tuple(f.name for f in fields(SourceProgress))


def insert(table: str, columns: Sequence[str]) -> str:
    """The statement that writes a row."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


CREATE = insert("videos", COLUMNS) + " IF NOT EXISTS"
SELECT = f"SELECT {', '.join(COLUMNS)} FROM videos WHERE video_id = ?"
RETRY = (
    "status = ?, attempt = ?, attempt_timestamp = ?, error = null, started_at = null, finished_at = null, "
    "frames_expected = null, last_frame_number = null"
)
SAVE_PROGRESS = insert("source_progress", ("video_id", *PROGRESS))


def problem_of(error: Problem | None) -> tuple[str, str, str] | None:
    """A problem as it is stored."""
    return (error.type, error.title, error.detail) if error else None


def plain(value: Any) -> Any:
    """A value as the contracts have it: times in UTC, lists as tuples."""
    if isinstance(value, datetime):
        return utc(value)
    return tuple(value) if isinstance(value, list) else value


def to_row(video: Video) -> list[Any]:
    """The values of COLUMNS."""
    special = {
        "status": video.status.value,
        "source": video.source.value,
        "tasks": [_task_row(task) for task in video.tasks],
        "tags": set(video.tags),
        "error": problem_of(video.error),
        "store_frames": video.store_frames.value,
        "keep": video.keep.value,
    }
    return [
        special[name] if name in special else getattr(video.sampling if name in SAMPLING else video, name)
        for name in COLUMNS
    ]


def from_row(row: Any) -> Video:
    """The video of a row with COLUMNS."""
    return Video(
        **{name: plain(getattr(row, name)) for name in PLAIN},
        sampling=Sampling(**{name: getattr(row, name) for name in SAMPLING}),
        status=VideoStatus(row.status),
        source=SourceKind(row.source),
        tasks=tuple(map(_task, row.tasks)),
        tags=frozenset(row.tags or ()),
        error=Problem(*row.error) if row.error else None,
        store_frames=StoreFrames(row.store_frames or StoreFrames.FULL),
        keep=KeepFrames(row.keep or KeepFrames.NEWEST),
    )


def _task_row(task: TaskRequest) -> tuple[Any, ...]:
    asked = task.identification
    identification = (asked.purpose, list(asked.collections), asked.search) if asked else None
    return task.name.value, task.min_confidence, task.max_batch_size, identification


def _task(row: Any) -> TaskRequest:
    said = row.identification
    identification = Identification(said.purpose, tuple(said.collections), said.search) if said else None
    return TaskRequest(TaskName(row.name), row.min_confidence, row.max_batch_size, identification)


def to_progress_row(progress: SourceProgress) -> list[Any]:
    """The values of PROGRESS."""
    special = {
        "warnings": list(progress.warnings),
        "gaps": [(gap.started_at, gap.ended_at, gap.reason) for gap in progress.gaps],
    }
    return [special[name] if name in special else getattr(progress, name) for name in PROGRESS]


def from_progress_row(row: Any) -> SourceProgress:
    """The progress of a row with PROGRESS; what the row does not have is as in a new one."""
    known = {name: plain(value) for name, value in row._asdict().items() if value is not None}
    gaps = tuple(Gap(plain(gap.started_at), plain(gap.ended_at), gap.reason) for gap in known.get("gaps", ()))
    return SourceProgress(**known | {"gaps": gaps})
