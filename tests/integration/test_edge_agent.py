"""The agent as a process, on real videos, against a real broker, with a far end that confirms or does not."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.edge.crops import Crop
from connectors.edge.messages import Message, decode, encode_stored
from connectors.edge.passing import Inlet, Receipt
from connectors.edge.session import Session
from inference.images import decode_jpeg
from pipeline.contracts.settings import PathSettings
from tests.edge import Door, forwarder, processor
from tests.integration.rtsp_server import rtsp_server
from tests.integration.samples import media, model
from tests.mosquitto import MISSING, Mosquitto, broker
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")

PASSWORDS = {"edge": "s3cret-of-the-edge", "cloud": "s3cret-of-the-cloud"}
THREE = ("video", "face-demographics-walking-and-pause_fromgif.mp4")


@dataclass
class FarEnd:
    """Hears crops, when each came, and confirms them if told so."""

    session: Session
    confirms: bool = True
    came: list[tuple[float, Message]] = field(default_factory=list)

    @classmethod
    def at(cls, local: Mosquitto, name: str, confirms: bool = True) -> "FarEnd":
        session = Session(local.settings("cloud"), name)
        far = cls(session, confirms)
        session.listen(Inlet(("framewise/+/+/faces", "hw3facestx2"), far._hear))
        session.start()
        wait_until(lambda: session.ready)
        return far

    def _hear(self, message: Message, receipt: Receipt) -> bool:
        self.came.append((time.time(), message))
        if self.confirms:
            crop = decode(message)
            self.session.send(encode_stored(crop.site, crop.camera, [crop.crop_id]), lambda _: None)
        receipt.give()
        return True

    @property
    def crops(self) -> list[Crop]:
        return [decode(message) for _, message in self.came]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Mosquitto]:
    with broker(tmp_path / "broker", users=PASSWORDS) as running:
        yield running


def agent(folder: Path, local: Mosquitto, camera: str, *options: str, source: Path | None = None) -> Door:
    """An agent that plays a file, with the weights that are here."""
    model("yunet_n")
    paths = PathSettings()
    variables = {
        "FRAMEWISE_AGENT_BROKER_USER": "edge",
        "FRAMEWISE_AGENT_BROKER_PASSWORD": PASSWORDS["edge"],
        "FRAMEWISE_MIRROR": str(paths.mirror or ""),
    }
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    if not (folder / "cache" / "models").exists():
        (folder / "cache" / "models").symlink_to(paths.weights_dir)
    played = str(source or media(*THREE))
    arguments = ("--broker", local.url, "--site", "gate", "--camera", camera, "--source", played, *options)
    return Door("connectors.edge.agent.main", "edge-agent", folder, variables, arguments)


def spooled(folder: Path) -> set[str]:
    return {path.name for path in (folder / "edge").rglob("*.crop")}


def ended(door: Door, seconds: float = 60) -> int:
    assert door.process is not None
    return door.process.wait(seconds)


def test_three_people_give_three_to_nine_crops_and_the_first_of_each_comes_soon(
    tmp_path: Path, local: Mosquitto
) -> None:
    far = FarEnd.at(local, "far")
    door = agent(tmp_path, local, "three")
    door.start()
    assert ended(door) == 0, door.log
    crops = far.crops
    by_track = Counter(crop.track for crop in crops)
    assert len(by_track) == 3, by_track
    assert 3 <= len(crops) <= 9
    assert len({crop.crop_id for crop in crops}) == len(crops)
    assert spooled(tmp_path) == set()
    for track in by_track:
        began = int(track.split("-")[0], 16) / 1000
        first = min(at for (at, _), crop in zip(far.came, crops, strict=True) if crop.track == track)
        assert first - began < 2.5
    for crop in crops:
        assert crop.box is not None
        assert decode_jpeg(crop.image).shape[0] > crop.box.height * 270
    again = {crop.track for crop in crops if model("yunet_n").predict([decode_jpeg(crop.image)])[0]}
    assert len(again) >= 2, "the analysis finds faces again"


def test_what_is_not_confirmed_is_sent_again_after_a_kill_under_the_same_id(tmp_path: Path, local: Mosquitto) -> None:
    far = FarEnd.at(local, "far", confirms=False)
    door = agent(tmp_path, local, "killed")
    door.start()
    wait_until(lambda: len(far.came) >= 2)
    door.kill()
    kept = spooled(tmp_path)
    assert len(kept) >= 2
    before = {crop.crop_id for crop in far.crops}
    far.came.clear()
    far.confirms = True
    again = agent(tmp_path, local, "killed", "--fast", "--min-pixels", "10000")
    again.start()
    assert ended(again) == 0, again.log
    assert {crop.crop_id for crop in far.crops} >= before
    assert spooled(tmp_path) == set()
    assert f"{len(kept)} crops of before wait to be confirmed" in again.log


@pytest.mark.slow
def test_a_broker_may_come_after_the_agent(tmp_path: Path) -> None:
    late = Mosquitto(tmp_path / "broker", users=PASSWORDS)
    door = agent(tmp_path, late, "early", "--confirm", "broker")
    door.start()
    wait_until(lambda: len(spooled(tmp_path)) >= 3)
    late.start()
    try:
        far = FarEnd.at(late, "far")
        wait_until(lambda: len(far.came) >= 3)
        assert ended(door) == 0, door.log
        assert spooled(tmp_path) == set()
        assert "cannot be reached" in door.log
    finally:
        late.stop()


@pytest.mark.slow
def test_the_old_topic_and_a_stop_in_order(tmp_path: Path, local: Mosquitto) -> None:
    far = FarEnd.at(local, "far", confirms=False)
    door = agent(tmp_path, local, "old", "--topic", "hw3facestx2", "--confirm", "broker")
    door.run()
    wait_until(lambda: len(far.came) >= 1)
    assert door.stop() == 0
    assert {message.topic for _, message in far.came} == {"hw3facestx2"}
    assert far.came[0][1].payload.startswith(b"\xff\xd8\xff")
    assert spooled(tmp_path) == set()


@pytest.mark.slow
def test_no_password_is_seen_and_a_wrong_one_is_said(tmp_path: Path, local: Mosquitto) -> None:
    door = agent(tmp_path, local, "locked")
    door.variables["FRAMEWISE_AGENT_BROKER_PASSWORD"] = "wr0ng"
    door.start()
    wait_until(lambda: "is refused" in door.log)
    assert door.process is not None
    assert b"wr0ng" not in Path(f"/proc/{door.process.pid}/cmdline").read_bytes()
    door.stop()
    assert "check its user and password" in door.log
    assert "wr0ng" not in door.log


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--source", "nothing.mp4"), "there is no file nothing.mp4"),
        (("--model", "nothing"), "there is no model 'nothing'"),
        (("--labels", "dog"), "yunet_n does not know dog"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    tmp_path: Path, local: Mosquitto, options: tuple[str, ...], said: str
) -> None:
    door = agent(tmp_path, local, "wrong", *options)
    door.start()
    assert ended(door) == 1
    assert said in door.log


@pytest.mark.slow
def test_agent_forwarder_and_processor_agree_whoever_starts_first(tmp_path: Path) -> None:
    local, cloud = (Mosquitto(tmp_path / name, users=PASSWORDS) for name in ("local", "cloud"))
    store = tmp_path / "store"
    door = agent(tmp_path / "agent", local, "front")
    others = [
        forwarder(tmp_path / "forwarder", local.settings("edge"), cloud.settings("cloud")),
        processor(tmp_path / "processor", cloud.settings("cloud"), str(store)),
    ]
    try:
        door.start()
        wait_until(lambda: len(spooled(tmp_path / "agent")) >= 3)
        door.kill()
        first = len(spooled(tmp_path / "agent"))
        for other in others:
            other.start()
        door.start()
        local.start()
        cloud.start()
        assert ended(door, 90) == 0, door.log
        assert spooled(tmp_path / "agent") == set(), door.log
        stored = sorted(path for path in store.rglob("*.jpg"))
        assert {path.parts[len(store.parts)] for path in stored} == {"gate"}
        (kept,) = re.findall(r"the end: .*, (\d+) crops kept", door.log)
        assert len(stored) == first + int(kept)
    finally:
        for part in others:
            part.stop()
        local.stop()
        cloud.stop()


@pytest.mark.slow
def test_a_camera_of_the_network_gives_crops_of_now_and_its_password_stays_hidden(
    tmp_path: Path, local: Mosquitto
) -> None:
    far = FarEnd.at(local, "far")
    door = agent(tmp_path, local, "rtsp")
    with rtsp_server(media(*THREE), tmp_path) as server:
        address = server.url("me:s3cret@")
        door.variables["FRAMEWISE_AGENT_SOURCE"] = address
        place = door.arguments.index("--source")
        door.arguments = (*door.arguments[:place], *door.arguments[place + 2 :])
        door.run()
        wait_until(lambda: len(far.came) >= 3)
        now = time.time()
        assert all(abs(now - crop.captured_at.timestamp()) < 60 for crop in far.crops)
        assert door.stop() == 0
    assert "***@127.0.0.1" in door.log
    assert "s3cret" not in door.log
