"""Older messages on their way in: to their camera's video, or aside with the reason."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from connectors.camera.older.intake import MOST_JPEG, Intake, Understanding
from connectors.camera.records import Record
from connectors.pictures.encoding import Encoder
from connectors.pictures.whole import Limits, Picture
from pipeline.contracts.errors import StoreUnavailable, TooManyRequests
from pipeline.kafka.captures import InMemoryCapturePublisher
from pipeline.kafka.publishing import InMemoryPublisher
from tests.unit.connectors.camera.pictures import a_jpeg, a_png

VIDEOS = {"front": uuid4(), "back": uuid4()}


class Videos:
    """Two cameras; there is no room for others."""

    def video_of(self, camera_id: str) -> UUID:
        if camera_id not in VIDEOS:
            raise TooManyRequests("2 cameras send pictures already", 5)
        return VIDEOS[camera_id]


class AsTheyAre:
    """Takes pictures for JPEGs."""

    def jpeg(self, picture: Picture, most: int) -> bytes:
        assert most == MOST_JPEG
        return picture.data if picture.form == "jpeg" else a_jpeg(32, 32)

    def close(self) -> None:
        return None


class Away(InMemoryCapturePublisher):
    """A broker that does not answer."""

    def flush(self, seconds: float) -> None:
        raise StoreUnavailable("away")


def record(offset: int, **changes: Any) -> Record:
    image = base64.b64encode(a_jpeg()).decode()
    fields = {"image": image, "timestamp": "2026-11-22T12:00:00", "camera_id": "front"} | changes
    return Record("pycturestream", 0, offset, None, json.dumps(fields).encode(), (("trace", b"1"),))


def intake(captures: InMemoryCapturePublisher, aside: InMemoryPublisher) -> Intake:
    encoder: Encoder = AsTheyAre()
    return Intake(Understanding(Limits(200_000, 640 * 480), UTC), encoder, Videos(), captures, aside)


def test_pictures_go_to_their_cameras_and_the_rest_is_set_aside() -> None:
    captures, aside = InMemoryCapturePublisher(), InMemoryPublisher()
    intake(captures, aside).take(
        [
            record(1),
            Record("pycturestream", 0, 2, None, b"nonsense"),
            record(3, camera_id="back", image=base64.b64encode(a_png()).decode()),
            record(4, camera_id="side"),
            record(5, timestamp="soon"),
            record(6),
        ]
    )
    assert [(c.video_id, c.capture_id) for c in captures.captures] == [
        (VIDEOS["front"], "pycturestream/0/1"),
        (VIDEOS["back"], "pycturestream/0/3"),
        (VIDEOS["front"], "pycturestream/0/6"),
    ]
    assert captures.captures[0].captured_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert captures.captures[1].jpeg == a_jpeg(32, 32)
    assert [letter.offset for letter in aside.letters] == [2, 4, 5]
    assert [words in letter.reason for letter, words in zip(aside.letters, REASONS, strict=True)] == [True] * 3
    assert aside.letters[1].value == record(4, camera_id="side").value
    assert aside.letters[1].headers == (("trace", b"1"),)


REASONS = ("not JSON", "2 cameras", "timestamp is 'soon'")


def test_what_comes_again_has_the_same_id() -> None:
    captures = InMemoryCapturePublisher()
    for _ in range(2):
        intake(captures, InMemoryPublisher()).take([record(1)])
    assert len({capture.capture_id for capture in captures.captures}) == 1


def test_while_the_broker_is_away_nothing_counts_as_done() -> None:
    aside = InMemoryPublisher()
    with pytest.raises(StoreUnavailable):
        intake(Away(), aside).take([record(1), record(2, timestamp="soon")])
    assert aside.letters == []
