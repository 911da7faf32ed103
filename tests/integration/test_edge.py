"""Pictures from the edge to the store: two real brokers, the forwarder and the processor as processes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from connectors.edge.crops import Crop, crop_id
from connectors.edge.messages import Message, decode_stored, encode
from connectors.edge.passing import Answer, Inlet, Receipt
from connectors.edge.session import Session
from tests.edge import Door, forwarder, processor
from tests.mosquitto import MISSING, Mosquitto, broker
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")
PASSWORDS = {"edge": "s3cret-of-the-edge", "cloud": "s3cret-of-the-cloud"}
START = datetime(2026, 11, 20, 23, 59, 59, 500_000, tzinfo=UTC)


@dataclass
class Camera:
    """Publishes at the local broker, and hears what is stored."""

    session: Session
    answers: list[Answer] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, local: Mosquitto) -> "Camera":
        session = Session(local.settings("edge"), "test-camera")
        camera = cls(session)
        session.listen(Inlet(("framewise/+/+/stored",), camera._hear))
        session.start()
        wait_until(lambda: session.ready)
        return camera

    def _hear(self, message: Message, receipt: Receipt) -> None:
        self.stored.extend(decode_stored(message.payload))
        receipt.give()

    def send(self, *messages: Message) -> None:
        """Publish, and wait until the local broker has it all."""
        before = len(self.answers)
        for message in messages:
            self.session.send(message, self.answers.append)
        wait_until(lambda: len(self.answers) == before + len(messages))


@dataclass(frozen=True)
class World:
    """Everything that runs."""

    local: Mosquitto
    cloud: Mosquitto
    forwarder: Door
    processor: Door
    camera: Camera
    store: Path

    def files(self) -> dict[str, bytes]:
        """What is in the store, by path."""
        found = (p for p in self.store.glob("[!.]*/**/*") if p.is_file())
        return {str(p.relative_to(self.store)): p.read_bytes() for p in found}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("edge")
    with ExitStack() as held:
        local = held.enter_context(broker(folder / "local", users=PASSWORDS))
        cloud = held.enter_context(broker(folder / "cloud", users=PASSWORDS))
        store = folder / "store"
        passing = forwarder(
            folder / "forwarder",
            local.settings("edge"),
            cloud.settings("cloud"),
            FRAMEWISE_FORWARDER_TOPICS="framewise/+/+/faces,hw3facestx2=hw3faces",
        )
        keeping = processor(folder / "processor", cloud.settings("cloud"), str(store))
        for door in (passing, keeping):
            held.callback(door.stop)
            door.start()
        camera = Camera.at(local)
        held.callback(camera.session.stop)
        wait_until(lambda: passing.ready and keeping.ready)
        yield World(local, cloud, passing, keeping, camera, store)


def a_jpeg(number: int) -> bytes:
    return cv2.imencode(".jpg", np.full((48, 40, 3), number % 256, np.uint8))[1].tobytes()


def a_png(number: int) -> bytes:
    return cv2.imencode(".png", np.full((48, 40, 3), number % 256, np.uint8))[1].tobytes()


def a_crop(number: int, camera: str, image: bytes | None = None) -> Crop:
    at = START + timedelta(seconds=number / 10)
    return Crop(
        image or a_jpeg(number), "yard", camera, at, str(number), crop_id("yard", camera, at, str(number)), score=0.9
    )


def test_crops_go_the_whole_way_are_named_by_their_capture_and_confirmed(world: World) -> None:
    crops = [a_crop(n, "gate") for n in range(10)]
    world.camera.send(*(encode(crop) for crop in crops))
    wait_until(lambda: {crop.crop_id for crop in crops} <= set(world.camera.stored))
    files = {path: content for path, content in world.files().items() if path.startswith("yard/gate/")}
    assert files == {
        f"yard/gate/{crop.captured_at:%Y-%m-%d}/{crop.captured_at:%Y-%m-%dT%H-%M-%S.%fZ}_{n}.jpg": crop.image
        for n, crop in enumerate(crops)
    }
    assert {path.split("/")[2] for path in files} == {"2026-11-20", "2026-11-21"}


def test_what_comes_twice_is_stored_once_and_confirmed_twice(world: World) -> None:
    crop = a_crop(1, "twice")
    world.camera.send(encode(crop), encode(crop))
    wait_until(lambda: world.camera.stored.count(crop.crop_id) == 2)
    assert [p for p in world.files() if "/twice/" in p] == ["yard/twice/2026-11-20/2026-11-20T23-59-59.600000Z_1.jpg"]


def test_another_picture_of_the_same_moment_overwrites_nothing(world: World) -> None:
    first, second = a_crop(2, "same"), a_crop(2, "same", a_png(7))
    third = a_crop(2, "same", a_jpeg(99))
    world.camera.send(encode(first), encode(second), encode(third))
    wait_until(lambda: world.camera.stored.count(first.crop_id) == 3)
    files = {path: content for path, content in world.files().items() if "/same/" in path}
    assert sorted(files.values()) == sorted([first.image, second.image, third.image])


def test_the_old_topics_go_on_under_the_other_name(world: World) -> None:
    pictures = [a_png(n) for n in range(40)]
    world.camera.send(*(Message("hw3facestx2", picture) for picture in pictures))
    wait_until(lambda: sum(path.startswith("old/camera/") for path in world.files()) == 40)
    kept = {path: content for path, content in world.files().items() if path.startswith("old/camera/")}
    assert sorted(kept.values()) == sorted(pictures)
    assert all(path.endswith(".png") for path in kept)
    world.camera.send(Message("hw3facestx2", pictures[3]), encode(a_crop(0, "after")))
    wait_until(lambda: a_crop(0, "after").crop_id in world.camera.stored)
    assert sum(path.startswith("old/camera/") for path in world.files()) == 40


@pytest.mark.parametrize(
    ("number", "image", "reason"),
    [
        (1, b"not a picture", "neither a JPEG nor a PNG"),
        (2, a_jpeg(5)[:-40], "cut off"),
        (3, a_png(5)[:-6], "cut off"),
    ],
)
def test_what_is_no_picture_is_set_aside_with_the_reason(world: World, number: int, image: bytes, reason: str) -> None:
    crop = a_crop(number, "odd")
    properties = encode(a_crop(number, "odd")).properties
    world.camera.send(Message("framewise/yard/odd/faces", image, properties))
    wait_until(lambda: crop.crop_id in world.camera.stored)
    aside = {Path(path): content for path, content in world.files().items() if path.startswith("set-aside/")}
    [kept] = [path for path, content in aside.items() if content == image]
    said = aside[kept.with_suffix(".txt")].decode()
    assert reason in said
    assert "framewise/yard/odd/faces" in said
    assert not any("/odd/" in path for path in world.files())


def test_a_message_whose_properties_are_wrong_is_set_aside(world: World) -> None:
    world.camera.send(Message("framewise/yard/odd/faces", a_jpeg(77), (("schema", "9"),)))
    wait_until(lambda: a_jpeg(77) in world.files().values())
    assert "schema" in world.processor.log


def test_a_wrong_password_is_said_clearly_and_never_shown(world: World, tmp_path: Path) -> None:
    wrong = world.cloud.settings("cloud").model_copy(update={"user": "nobody"})
    door = processor(tmp_path / "door", wrong, str(tmp_path / "store"))
    door.start()
    wait_until(lambda: "Not authorized" in door.log)
    assert "check its user and password" in door.log
    assert not door.ready
    assert door.stop() == 0
    for said in (door.log, world.forwarder.log, world.processor.log):
        assert not any(password in said for password in PASSWORDS.values())
