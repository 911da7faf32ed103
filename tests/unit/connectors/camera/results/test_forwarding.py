"""From outcomes to messages: only cameras', in order, at least once."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

import pytest

from connectors.camera.records import Record
from connectors.camera.results.forwarding import Forwarding
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import AnalyzedFrame
from pipeline.kafka.codecs import encode_outcome
from tests.unit.connectors.camera.pictures import a_jpeg
from tests.unit.factories import T0, a_result, analyzed, dog

FRONT, FILM = uuid4(), uuid4()


class Known:
    """The camera `front`, and a film that is no camera's."""

    def camera_of(self, video_id: UUID) -> str | None:
        return {FRONT: "front"}.get(video_id)


class Drawn:
    """Frame 3 has no picture, that of frame 4 is damaged."""

    def annotated(self, video_id: UUID, frame_number: int) -> bytes:
        return {3: b"", 4: b"\xff\xd8" + bytes(2_000_000)}.get(frame_number, a_jpeg())


@dataclass
class Told:
    """A topic whose broker may be away."""

    away: bool = False
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def send(self, camera_id: str, message: bytes) -> None:
        self.messages.append((camera_id, json.loads(message)))

    def flush(self, seconds: float) -> None:
        if self.away:
            raise StoreUnavailable("away")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def forwarding(told: Told) -> Iterator[Forwarding]:
    found = Forwarding(Known(), Drawn(), told, UTC)
    yield found
    found.close()


def record(frame: AnalyzedFrame) -> Record:
    return Record("results", 0, frame.frame_number, frame.video_id.bytes, encode_outcome(frame))


def test_each_frame_of_a_camera_is_a_message_in_order(forwarding: Forwarding, told: Told) -> None:
    frames = [analyzed(FRONT if n % 2 else FILM, n, a_result([dog()])) for n in range(1, 12)]
    forwarding.take([record(replace(frame, captured_at=T0.replace(second=frame.frame_number))) for frame in frames])
    assert [camera for camera, _ in told.messages] == ["front"] * 6
    assert [m["timestamp"][17:19] for _, m in told.messages] == ["01", "03", "05", "07", "09", "11"]
    pictures = [base64.b64decode(m["image"]) for _, m in told.messages]
    assert pictures == [a_jpeg(), b"", *[a_jpeg()] * 4]
    assert told.messages[0][1]["objects"] == [{"label": "dog", "score": 0.9, "sector": ["middle", "center"]}]


def test_what_comes_together_is_told_in_the_order_of_capture(forwarding: Forwarding, told: Told) -> None:
    frames = [replace(analyzed(FRONT, n), captured_at=T0.replace(second=n)) for n in (2, 1, 7, 6, 5)]
    forwarding.take([record(frame) for frame in frames])
    assert [m["timestamp"][17:19] for _, m in told.messages] == ["01", "02", "05", "06", "07"]


def test_what_says_nothing_is_left_out(forwarding: Forwarding, told: Told) -> None:
    failed = record(analyzed(FRONT, 1, a_result(error="too dark")))
    damaged = record(analyzed(FRONT, 4))
    strange = [Record("results", 0, 5, FRONT.bytes, b"{}"), Record("results", 0, 6, b"no id", b"{}")]
    empty = Record("results", 0, 7, FRONT.bytes, None)
    forwarding.take([failed, damaged, *strange, empty])
    assert [m["image"] for _, m in told.messages] == [""]


def test_while_the_broker_is_away_nothing_counts_as_done(forwarding: Forwarding, told: Told) -> None:
    told.away = True
    with pytest.raises(StoreUnavailable):
        forwarding.take([record(analyzed(FRONT, 1))])
