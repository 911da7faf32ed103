"""Older messages: what is taken, and what is refused with which words."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.camera.older.messages import read_message
from connectors.camera.older.times import read_time
from connectors.pictures.whole import Limits
from pipeline.contracts.errors import RecordInvalid
from tests.unit.connectors.camera.pictures import a_jpeg, a_png

LIMITS = Limits(bytes=200_000, pixels=640 * 480)
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def message(**changes: Any) -> bytes:
    fields = {"image": base64.b64encode(a_jpeg()).decode(), "timestamp": "2026-11-22T13:00:00.250000", "camera_id": "c"}
    return json.dumps({name: value for name, value in (fields | changes).items() if value is not None}).encode()


def refusal(value: bytes | None) -> str:
    with pytest.raises(RecordInvalid) as refused:
        read_message(value, LIMITS, BERLIN)
    return str(refused.value)


def test_a_message_is_read() -> None:
    found = read_message(message(camera_id="holger cam", more=[1]), LIMITS, BERLIN)
    assert (found.camera_id, found.captured_at) == ("holger cam", NOON + timedelta(milliseconds=250))
    assert (found.picture.data, found.picture.form) == (a_jpeg(), "jpeg")


@pytest.mark.parametrize(
    ("value", "zone", "moment"),
    [
        ("2026-11-22T13:00:00", BERLIN, NOON),  # a whole second has no fraction in Python's form
        ("2026-11-22T13:00:00.5", BERLIN, NOON + timedelta(seconds=0.5)),
        ("2026-11-22 12:00:00", UTC, NOON),
        ("2026-11-22T12:00:00Z", BERLIN, NOON),
        ("2026-11-22T14:00:00+02:00", BERLIN, NOON),
        ("20261122", UTC, NOON.replace(hour=0)),
        (1795348800, BERLIN, NOON),
        (1795348800.25, BERLIN, NOON + timedelta(milliseconds=250)),
        ("1795348800", BERLIN, NOON),
        (1795348800250, BERLIN, NOON + timedelta(milliseconds=250)),
        (1795348800250000, BERLIN, NOON + timedelta(milliseconds=250)),
        (1795348800250000000, BERLIN, NOON + timedelta(milliseconds=250)),
        ("2027-11-22T12:00:00Z", BERLIN, NOON.replace(year=2027)),  # from the future: ingest puts that right
    ],
)
def test_times_in_every_form(value: Any, zone: Any, moment: datetime) -> None:
    assert read_time(value, zone) == moment
    assert read_time(value, zone).tzinfo is UTC


def test_a_time_without_a_zone_is_by_default_on_this_machines_clock() -> None:
    assert read_time("2026-11-22T12:00:00", None) == datetime(2026, 11, 22, 12).astimezone()


@pytest.mark.parametrize(
    "value", [None, True, [], "yesterday", "", "nan", float("inf"), -5, 0, "1999-12-31T00:00:00Z", 10**30, "2026-13-01"]
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(RecordInvalid, match="timestamp is"):
        read_time(value, BERLIN)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": None}, "no image"),
        ({"camera_id": None, "timestamp": None}, "no timestamp and no camera_id"),
        ({"camera_id": ""}, "camera_id"),
        ({"camera_id": "a\nb"}, "printable"),
        ({"camera_id": "x" * 58}, "at most 57"),
        ({"camera_id": ["a"]}, "camera_id"),
        ({"image": 7}, "not a text"),
        ({"image": "@@@@"}, "not Base64"),
        ({"image": "/9j"}, "not Base64"),
        ({"image": ""}, "neither a JPEG nor a PNG"),
        ({"image": base64.b64encode(b"GIF89a......").decode()}, "neither a JPEG nor a PNG: it begins with 47 49"),
        ({"image": base64.b64encode(a_jpeg()[:-40]).decode()}, "cut off"),
        ({"image": base64.b64encode(a_png()[:-9]).decode()}, "cut off"),
        ({"image": base64.b64encode(a_png().replace(b"IDAT", b"IDAX")).decode()}, "damaged"),
        ({"image": base64.b64encode(a_jpeg(641, 480)).decode()}, "641×480 pixels"),
        ({"image": base64.b64encode(b"\xff\xd8\xff\xd9").decode()}, "frame header"),
        ({"image": "A" * 310_000}, "characters"),
        ({"image": base64.b64encode(bytes(200_001)).decode()}, "200001 bytes"),
    ],
)
def test_what_is_wrong_with_a_field_is_said(changes: dict[str, Any], words: str) -> None:
    fields = json.loads(message()) | {name: value for name, value in changes.items() if value is not None}
    for name in (name for name, value in changes.items() if value is None):
        del fields[name]
    assert words in refusal(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "a JSON list"),
        (b"null", "not an object"),
        (b'"' + b"x" * 500_000 + b'"', "500002 bytes"),
    ],
)
def test_what_is_no_message_is_refused(value: bytes | None, words: str) -> None:
    assert words in refusal(value)


def test_forms_that_producers_vary() -> None:
    wrapped = base64.encodebytes(a_jpeg()).decode()
    for image in (wrapped, "data:image/jpeg;base64," + wrapped.replace("\n", "")):
        assert read_message(message(image=image), LIMITS, BERLIN).picture.data == a_jpeg()
    assert read_message(message(camera_id=7), LIMITS, BERLIN).camera_id == "7"
    padded = base64.b64encode(a_jpeg() + b"\0\0").decode()
    assert read_message(message(image=padded), LIMITS, BERLIN).picture.form == "jpeg"
    png = base64.b64encode(a_png()).decode()
    assert read_message(message(image=png), LIMITS, BERLIN).picture.form == "png"
