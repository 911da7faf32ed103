"""What becomes of each message, over twins."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from connectors.edge.crops import Crop, crop_id
from connectors.edge.messages import Message, decode_stored, encode
from connectors.edge.passing import Answer, InMemoryOutlet, InMemoryReceipt
from connectors.edge.processor import processing
from connectors.edge.processor.analysis import InMemoryAnalysis
from connectors.edge.processor.place import FolderPlace
from connectors.edge.processor.processing import Parts, Processing
from connectors.edge.processor.reading import Reading
from connectors.edge.processor.set_aside import SetAside
from connectors.edge.session import WINDOW
from connectors.edge.topics import FACES, OLD_CLOUD, STORED
from connectors.pictures.whole import Limits, Picture
from pipeline.contracts.errors import RecordInvalid, StoreUnavailable

AT = datetime(2026, 11, 20, 10, 0, 0, 1, tzinfo=UTC)
JPEG = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
PNG = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
ID = crop_id("yard", "gate", AT, "7")


class Encoder:
    """Does not decode."""

    def jpeg(self, picture: Picture, most: int) -> bytes:
        return picture.data if picture.form == "jpeg" else b"made of a " + picture.form.encode()

    def close(self) -> None:
        return None


@dataclass
class Bench:
    """A processing over twins, and what it has done."""

    folder: Path
    most: int = 10
    outlet: InMemoryOutlet = field(default_factory=InMemoryOutlet)
    analysis: InMemoryAnalysis = field(default_factory=InMemoryAnalysis)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        place = FolderPlace(self.folder)
        reading = Reading((FACES, OLD_CLOUD), Limits(100_000, 1_000_000), "old", "camera")
        aside = SetAside(place, self.most)
        parts = Parts(reading, place, aside, Encoder(), self.analysis, self.outlet, STORED)
        self.processing = Processing(parts, self.stop)

    def work(self, *messages: Message) -> list[InMemoryReceipt]:
        """Have them worked off; their receipts."""
        receipts = [InMemoryReceipt() for _ in messages]
        for message, receipt in zip(messages, receipts, strict=True):
            self.processing.take(message, receipt)
            self.processing._work_off(*self.processing._queue.get_nowait())
        return receipts

    @property
    def confirmed(self) -> list[str]:
        return [found for message in self.outlet.sent for found in decode_stored(message.payload)]

    @property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def a_message(image: bytes = JPEG) -> Message:
    return encode(Crop(image, "yard", "gate", AT, "7", ID))


def test_a_crop_is_stored_handed_over_confirmed_and_then_acknowledged(bench: Bench) -> None:
    [receipt] = bench.work(a_message())
    assert bench.files == ["yard/gate/2026-11-20/2026-11-20T10-00-00.000001Z_7.jpg"]
    [(crop, name, jpeg)] = bench.analysis.handed
    assert (crop.crop_id, name, jpeg) == (ID, "2026-11-20T10-00-00.000001Z_7", JPEG)
    assert bench.outlet.sent[0].topic == "framewise/yard/gate/stored"
    assert bench.confirmed == [ID]
    assert receipt.given


def test_a_png_is_stored_as_it_came_and_analysed_as_jpeg(bench: Bench) -> None:
    bench.work(a_message(PNG))
    assert bench.files == ["yard/gate/2026-11-20/2026-11-20T10-00-00.000001Z_7.png"]
    assert bench.analysis.handed[0][2] == b"made of a png"


def test_the_broker_is_told_only_when_it_has_taken_the_confirmation(bench: Bench) -> None:
    bench.outlet.answer = None
    [receipt] = bench.work(a_message())
    assert not receipt.given
    bench.outlet.unanswered.pop()(Answer.NOBODY)
    assert receipt.given


def test_what_cannot_be_handed_over_waits_and_nothing_is_confirmed_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "FIRST_PAUSE", 0.001)
    bench.analysis.failures = [StoreUnavailable("Kafka is away")] * 3
    seen: list[int] = []
    monkeypatch.setattr(bench.stop, "wait", lambda seconds: seen.append(len(bench.outlet.sent)))
    [receipt] = bench.work(a_message())
    assert seen == [0, 0, 0]
    assert receipt.given
    assert len(bench.files) == 1


def test_what_comes_again_by_another_connection_is_left_to_that(bench: Bench) -> None:
    receipt = InMemoryReceipt(good=False)
    bench.processing.take(a_message(), receipt)
    bench.processing._work_off(*bench.processing._queue.get_nowait())
    assert bench.files == []


def test_there_is_room_for_so_many_messages(bench: Bench) -> None:
    for number in range(WINDOW):
        assert bench.processing.has_room()
        bench.processing.take(Message("hw3faces", b"%d" % number), InMemoryReceipt())
    assert not bench.processing.has_room()


def test_bare_pictures_are_kept_once_under_the_time_at_which_they_came_first(bench: Bench) -> None:
    receipts = bench.work(*(Message("hw3faces", JPEG) for _ in range(2)), Message("hw3faces", PNG))
    assert all(receipt.given for receipt in receipts)
    assert len(bench.files) == 2
    assert all(name.startswith("old/camera/") for name in bench.files)
    first, again, other = (name for _, name, _ in bench.analysis.handed)
    assert first == again != other


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (JPEG[:-2], "cut off"),
        (b"text", "neither a JPEG nor a PNG"),
        (JPEG + b"\0" * 100_000, "100000 at most"),
    ],
)
def test_what_is_no_picture_is_set_aside_once_with_the_reason_and_confirmed(
    bench: Bench, image: bytes, reason: str
) -> None:
    message = Message("framewise/yard/gate/faces", image, a_message().properties)
    receipts = bench.work(message, message)
    assert all(receipt.given for receipt in receipts)
    kept, said = bench.files
    assert kept.startswith("set-aside/")
    assert reason in (bench.folder / said).read_text()
    assert (bench.folder / kept).read_bytes() == image
    assert bench.confirmed == [ID, ID]
    assert bench.analysis.handed == []


def test_a_picture_that_cannot_be_decoded_is_set_aside_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Encoder, picture: Picture, most: int) -> bytes:
        raise RecordInvalid("the picture cannot be decoded")

    monkeypatch.setattr(Encoder, "jpeg", refuse)
    [receipt] = bench.work(a_message(PNG))
    assert receipt.given
    assert [name.partition("/")[0] for name in bench.files] == ["set-aside", "set-aside", "yard"]


def test_so_much_is_set_aside_and_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path, most=2)
    receipts = bench.work(*(Message("hw3faces", b"text %d" % n) for n in range(5)))
    assert all(receipt.given for receipt in receipts)
    assert len(bench.files) == 4
