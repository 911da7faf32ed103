"""Result messages: exactly what older consumers parse."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from connectors.camera.results.fitting import fitting
from connectors.camera.results.messages import encode_message, result_message, sector
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.results import Box, Detection, TaskName
from tests.unit.connectors.camera.pictures import a_jpeg
from tests.unit.factories import a_result, analyzed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("box", "field"),
    [
        (Box(0.0, 0.0, 0.1, 0.1), ["top", "left"]),
        (Box(0.0, 0.0, 1.0, 1.0), ["middle", "center"]),
        (Box(0.9, 0.9, 0.1, 0.1), ["bottom", "right"]),
        (Box(0.6, 0.0, 0.2, 0.2), ["top", "right"]),
        (Box(0.0, 0.5, 0.66, 0.5), ["bottom", "left"]),
        (Box(0.95, 0.95, 0.2, 0.2), ["bottom", "right"]),  # beyond the edge
        (Box(-0.3, -0.3, 0.1, 0.1), ["top", "left"]),
    ],
)
def test_a_sector_is_row_and_column_of_the_boxs_centre(box: Box, field: list[str]) -> None:
    assert sector(box) == field


def test_a_message_has_what_was_found_the_surest_first() -> None:
    objects = a_result(
        [Detection("dog", 0.514, Box(0, 0, 0.1, 0.1)), Detection("person", 0.987, Box(0.4, 0.4, 0.2, 0.2))]
    )
    colours = a_result([Detection("#ff0000", 0.7)], TaskName.COLORS)
    frame = analyzed(uuid4(), 1, objects, colours)
    message = json.loads(encode_message(result_message("front", NOON, frame, ZoneInfo("Europe/Berlin")), b"picture"))
    assert message == {
        "timestamp": "2026-11-22T13:00:00.000000",
        "camera_id": "front",
        "objects": [
            {"label": "person", "score": 0.99, "sector": ["middle", "center"]},
            {"label": "dog", "score": 0.51, "sector": ["top", "left"]},
        ],
        "image": base64.b64encode(b"picture").decode(),
    }


def test_times_are_what_that_systems_consumers_parse() -> None:
    frame = replace(analyzed(uuid4(), 1, a_result([])), captured_at=NOON)
    for moment in (NOON, NOON + timedelta(microseconds=250)):
        message = result_message("front", moment, frame, None)
        parsed = datetime.strptime(message["timestamp"], "%Y-%m-%dT%H:%M:%S.%f")
        assert parsed.astimezone(UTC) == moment
        assert message["objects"] == []


def test_a_picture_is_scaled_down_until_it_fits() -> None:
    large = a_jpeg(640, 480)
    assert fitting(large, 100) is large
    small = fitting(large, 100, most=4_000)
    assert small.startswith(b"\xff\xd8")
    assert len(base64.b64encode(small)) + 100 <= 4_000
    assert fitting(large, 100, most=500) == b""
    with pytest.raises(FrameUnreadable):
        fitting(b"no picture" * 1000, 100, most=500)
