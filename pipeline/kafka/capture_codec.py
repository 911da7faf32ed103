"""Owns what a record of topic `captures` looks like: a picture that somebody else has captured, or the end of them.

A record's value is the JPEG, its key the 16 bytes of the video's id; the headers are UTF-8 text: `schema`, `video_id`,
`captured_at` (ISO 8601 with its zone, down to microseconds), `capture_id` and, if there is one, `label`. A record
without a value, with a header `end`, says that no more come of this video.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import RecordInvalid
from pipeline.kafka.topics import MAX_RECORD_BYTES

CAPTURE_SCHEMA = "1"
MOST_TEXT = 200
"""Characters of a capture's id and of its label."""
END = "end"
START = b"\xff\xd8\xff"

Headers = list[tuple[str, bytes]]


def encode_capture(capture: Capture) -> tuple[bytes, Headers]:
    """The record's value and its headers; raises RecordInvalid for what nobody could read again."""
    _check(capture)
    fields = {
        "schema": CAPTURE_SCHEMA,
        "video_id": str(capture.video_id),
        "captured_at": capture.captured_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "capture_id": capture.capture_id,
    }
    if capture.label is not None:
        fields["label"] = capture.label
    return capture.jpeg, [(name, text.encode()) for name, text in fields.items()]


def encode_end(video_id: UUID) -> Headers:
    """The headers of a record without a value that says the end."""
    return [("schema", CAPTURE_SCHEMA.encode()), ("video_id", str(video_id).encode()), (END, b"1")]


def decode_capture(value: bytes | None, headers: Mapping[str, bytes | None]) -> Capture | EndOfCaptures:
    """What a record says; raises RecordInvalid with what is wrong."""
    if (schema := _text(headers, "schema")) != CAPTURE_SCHEMA:
        raise RecordInvalid(f"header 'schema' is {schema[:80]!r}, this version reads {CAPTURE_SCHEMA!r}")
    video_id = _video_id(_text(headers, "video_id"))
    if END in headers:
        return EndOfCaptures(video_id)
    label = _text(headers, "label") if headers.get("label") is not None else None
    captured_at = _moment(_text(headers, "captured_at"))
    capture = Capture(video_id, captured_at, _text(headers, "capture_id"), value or b"", label)
    _check(capture)
    return capture


def _check(capture: Capture) -> None:
    if capture.captured_at.tzinfo is None:
        raise RecordInvalid(f"header 'captured_at' is {capture.captured_at}, without a time zone")
    for name, text in (("capture_id", capture.capture_id), ("label", capture.label or "")):
        if len(text) > MOST_TEXT:
            raise RecordInvalid(f"header {name!r} has {len(text)} characters, {MOST_TEXT} at most")
    if not capture.capture_id:
        raise RecordInvalid("header 'capture_id' is empty")
    if not capture.jpeg.startswith(START):
        raise RecordInvalid("the value is no JPEG")
    if len(capture.jpeg) > MAX_RECORD_BYTES:
        raise RecordInvalid(f"the JPEG has {len(capture.jpeg)} bytes, {MAX_RECORD_BYTES} at most")


def _text(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if value is None:
        raise RecordInvalid(f"header {name!r} is missing")
    try:
        return value.decode()
    except UnicodeDecodeError as e:
        raise RecordInvalid(f"header {name!r} is not UTF-8") from e


def _video_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as e:
        raise RecordInvalid(f"header 'video_id' is {text[:80]!r}, which is no id of a video") from e


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as e:
        raise RecordInvalid(f"header 'captured_at' is {text[:80]!r}, which is no time of ISO 8601") from e
