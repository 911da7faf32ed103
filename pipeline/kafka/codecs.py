"""Owns what records look like: a frame as JPEG with headers, an outcome as JSON, a wake-up as an id."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.frames import MAX_FRAME_NUMBER, Frame, StoreFrames
from pipeline.contracts.results import AnalyzedFrame, Identification, TaskName, TaskRequest
from pipeline.kafka.outcomes import analyzed_row

FRAME_SCHEMA = "1"
FRAME_HEADERS = (
    "schema",
    "video_id",
    "attempt",
    "frame_number",
    "media_time",
    "captured_at",
    "width",
    "height",
    "tasks",
    "store",
    "request_id",
    "traceparent",
)

Headers = list[tuple[str, bytes]]
T = TypeVar("T")


def encode_frame(frame: Frame) -> tuple[bytes, Headers]:
    """The record's value (the JPEG) and its headers (UTF-8 text)."""
    fields = {
        "schema": FRAME_SCHEMA,
        "video_id": str(frame.video_id),
        "attempt": str(frame.attempt),
        "frame_number": str(frame.frame_number),
        "media_time": repr(frame.media_time),
        "captured_at": frame.captured_at.isoformat() if frame.captured_at else "",
        "width": str(frame.width),
        "height": str(frame.height),
        "tasks": encode_tasks(frame.tasks),
        "store": frame.store.value,
        "request_id": frame.request_id or "",
        "traceparent": frame.traceparent or "",
    }
    return frame.jpeg, [(name, fields[name].encode()) for name in FRAME_HEADERS]


def decode_frame(value: bytes | None, headers: Mapping[str, str | None]) -> Frame:
    """The frame of a record; raises RecordInvalid with the header that is wrong. The last three may be missing."""
    headers = {**headers, "store": headers.get("store") or StoreFrames.FULL}
    schema = headers.get("schema")
    if schema != FRAME_SCHEMA:
        raise RecordInvalid(f"header 'schema' is {schema!r}, this version reads {FRAME_SCHEMA!r}")
    if not value:
        raise RecordInvalid("the record has no value, a JPEG is expected")
    return Frame(
        video_id=_read(headers, "video_id", UUID),
        attempt=_read(headers, "attempt", _positive),
        frame_number=_read(headers, "frame_number", _frame_number),
        media_time=_read(headers, "media_time", _finite),
        captured_at=_read(headers, "captured_at", _time),
        width=_read(headers, "width", _positive),
        height=_read(headers, "height", _positive),
        tasks=_read(headers, "tasks", decode_tasks),
        jpeg=value,
        store=_read(headers, "store", StoreFrames),
        request_id=headers.get("request_id") or None,
        traceparent=headers.get("traceparent") or None,
    )


def encode_tasks(tasks: Iterable[TaskRequest]) -> str:
    """Tasks with their options as JSON."""
    return json.dumps(
        [
            {
                k: v
                for k, v in (
                    ("name", t.name.value),
                    ("min_confidence", t.min_confidence),
                    ("max_batch_size", t.max_batch_size),
                    ("identification", asdict(t.identification) if t.identification else None),
                )
                if v is not None
            }
            for t in tasks
        ]
    )


def decode_tasks(text: str) -> tuple[TaskRequest, ...]:
    """Tasks from JSON; raises ValueError."""
    try:
        items = json.loads(text)
        tasks = tuple(_task(item) for item in items)
    except (TypeError, KeyError, AttributeError) as e:
        raise ValueError(f"not a list of tasks: {e}") from e
    if not tasks:
        raise ValueError("no task")
    return tasks


def _task(item: Mapping[str, Any]) -> TaskRequest:
    confidence, batch = item.get("min_confidence"), item.get("max_batch_size")
    if confidence is not None and not (type(confidence) in (int, float) and 0 <= confidence <= 1):
        raise ValueError(f"min_confidence is {confidence!r}, not a number from 0 to 1")
    if batch is not None and not (type(batch) is int and batch >= 1):
        raise ValueError(f"max_batch_size is {batch!r}, not a whole number of 1 or more")
    return TaskRequest(TaskName(item["name"]), confidence, batch, _identification(item.get("identification")))


def _identification(said: Any) -> Identification | None:
    if said is None:
        return None
    purpose, collections, search = said["purpose"], tuple(said["collections"]), said["search"]
    if not (isinstance(purpose, str) and isinstance(search, bool) and all(isinstance(c, str) for c in collections)):
        raise ValueError("identification needs a purpose, collections and search")
    return Identification(purpose, collections, search)


def _read(headers: Mapping[str, str | None], name: str, parse: Callable[[str], T]) -> T:
    text = headers.get(name)
    if text is None:
        raise RecordInvalid(f"header {name!r} is missing")
    try:
        return parse(text)
    except ValueError as e:
        raise RecordInvalid(f"header {name!r} is {text[:80]!r}: {e}") from e


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**31:
        raise ValueError("not a positive number of 31 bits")
    return number


def _frame_number(text: str) -> int:
    number = int(text)
    if not 0 < number <= MAX_FRAME_NUMBER:
        raise ValueError(f"not a number from 1 to {MAX_FRAME_NUMBER}")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _time(text: str) -> datetime | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("it has no time zone")
    return time


def encode_outcome(frame: AnalyzedFrame) -> bytes:
    """An event of topic `results`: JSON, times ISO 8601."""
    return json.dumps(analyzed_row(frame)).encode()
