from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import RecordInvalid
from pipeline.kafka.capture_codec import MOST_TEXT, decode_capture, encode_capture, encode_end

VIDEO = UUID(int=7)
AT = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0rest"


def headers_of(**changes: bytes | None) -> dict[str, bytes | None]:
    _, headers = encode_capture(Capture(VIDEO, AT, "c-1", JPEG, "track 3"))
    known: dict[str, bytes | None] = {**dict(headers), **changes}
    return {name: value for name, value in known.items() if value != b"-"}


@pytest.mark.parametrize("label", [None, "track 3", "Spur 3 – Tür"])
def test_a_capture_survives_its_record(label: str | None) -> None:
    capture = Capture(VIDEO, AT, "c-1", JPEG, label)
    value, headers = encode_capture(capture)
    assert value == JPEG
    assert decode_capture(value, dict(headers)) == capture


def test_times_travel_as_utc_with_microseconds() -> None:
    east = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    _, headers = encode_capture(Capture(VIDEO, east, "c-1", JPEG))
    assert dict(headers)["captured_at"] == b"2026-11-21T10:00:00.000000+00:00"


def test_the_end_has_no_value() -> None:
    assert decode_capture(None, dict(encode_end(VIDEO))) == EndOfCaptures(VIDEO)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": b"-"}, "'schema' is missing"),
        ({"schema": b"9"}, "'schema' is '9'"),
        ({"video_id": b"no"}, "no id of a video"),
        ({"video_id": b"-"}, "'video_id' is missing"),
        ({"captured_at": b"yesterday"}, "no time of ISO 8601"),
        ({"captured_at": b"2026-11-21T10:00:00"}, "without a time zone"),
        ({"captured_at": b"\xff"}, "not UTF-8"),
        ({"captured_at": None}, "'captured_at' is missing"),
        ({"capture_id": b""}, "'capture_id' is empty"),
        ({"capture_id": b"x" * (MOST_TEXT + 1)}, "201 characters"),
        ({"label": b"x" * (MOST_TEXT + 1)}, "'label' has 201"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(changes: dict[str, bytes | None], said: str) -> None:
    with pytest.raises(RecordInvalid, match=said):
        decode_capture(JPEG, headers_of(**changes))


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "no JPEG"), (b"", "no JPEG"), (b"text", "no JPEG"), (JPEG + bytes(10**6), "1000008 bytes")],
)
def test_what_is_no_picture_is_refused(value: bytes | None, said: str) -> None:
    with pytest.raises(RecordInvalid, match=said):
        decode_capture(value, headers_of())


def test_nothing_is_published_that_nobody_can_read() -> None:
    with pytest.raises(RecordInvalid, match="time zone"):
        encode_capture(Capture(VIDEO, datetime(2026, 11, 21), "c-1", JPEG))
