"""Who sends a camera's pictures: through outages of the broker, to the next video, and to the end."""

import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.services import Services
from framewise import Camera, Client
from framewise.camera import announcing
from framewise.camera.announcing import Announcement, CameraStopped
from framewise.camera.outbox import Outbox, Picture
from framewise.camera.publisher import Acknowledged, BrokerAway, Publisher
from framewise.camera.sending import Sender
from framewise.cli.main import main
from pipeline.contracts.videos import VideoStatus
from tests.waiting import wait_until

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Broker:
    """The twin of a broker that may be away: which picture came for which video, and which videos were ended."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    away: bool = False
    refusing: bool = False

    def connect(self, camera: Camera) -> Publisher:
        if self.away:
            raise BrokerAway("the broker is away")
        return _Connection(self, camera.video_id)


@dataclass
class _Connection:
    broker: Broker
    video_id: str

    def put(self, picture: Picture, acknowledged: Acknowledged) -> None:
        if self.broker.away:
            raise BrokerAway("the broker is away")
        if self.broker.refusing:
            acknowledged(TimeoutError("too slow"))
            return
        self.broker.kept.append((self.video_id, picture.capture_id))
        acknowledged(None)

    def end(self) -> None:
        self.broker.ended.append(self.video_id)

    def close(self) -> None: ...


@pytest.fixture
def announced(client: Client, monkeypatch: pytest.MonkeyPatch) -> Announcement:
    monkeypatch.setattr(announcing, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(announcing, "reachable", lambda bootstrap: True)
    return Announcement(client, "door", "all", {"tasks": ["faces_detection"]}, lambda text: None)


def picture(number: int) -> Picture:
    return Picture(NOW, str(number), b"")


def numbers(broker: Broker) -> list[int]:
    return [int(name) for _, name in broker.kept]


def test_everything_is_sent_and_then_the_end(announced: Announcement) -> None:
    outbox, broker = Outbox(), Broker()
    sender = Sender(outbox, announced, broker.connect, lambda text: None)
    sender.start()
    for number in range(10):
        outbox.put(picture(number))
    sender.finish()
    assert numbers(broker) == list(range(10))
    assert broker.ended == announced.videos
    assert (sender.sent, sender.running, sender.stopped) == (10, False, None)


@pytest.mark.parametrize("how", ["away", "refusing"])
def test_an_outage_of_the_broker_loses_what_there_is_no_room_for(announced: Announcement, how: str) -> None:
    outbox, broker = Outbox(4), Broker()
    said: list[str] = []
    setattr(broker, how, True)
    sender = Sender(outbox, announced, broker.connect, said.append)
    sender.start()
    for number in range(10):
        outbox.put(picture(number))
    wait_until(lambda: bool(said), 5)
    setattr(broker, how, False)
    wait_until(lambda: len(broker.kept) >= 4, 5)
    sender.finish()
    assert set(numbers(broker)) >= {7, 8, 9}
    assert len(set(numbers(broker))) == len(broker.kept) == sender.sent
    assert sender.sent + outbox.dropped == 10


def test_without_a_broker_the_end_comes_all_the_same(announced: Announcement, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framewise.camera.sending.LAST_SECONDS", 0.3)
    outbox = Outbox()
    sender = Sender(outbox, announced, Broker(away=True).connect, lambda text: None)
    sender.start()
    outbox.put(picture(1))
    sender.finish()
    assert (sender.running, sender.sent) == (False, 0)


def test_a_video_that_has_ended_is_followed_by_another(announced: Announcement, services: Services) -> None:
    outbox, broker = Outbox(), Broker()
    sender = Sender(outbox, announced, broker.connect, lambda text: None)
    with announced:
        sender.start()
        outbox.put(picture(1))
        wait_until(lambda: len(broker.kept) == 1, 5)
        services.videos.transition(UUID(announced.videos[0]), VideoStatus.FAILED)
        wait_until(lambda: len(announced.videos) == 2, 5)
        outbox.put(picture(2))
        sender.finish()
    assert broker.kept == [(announced.videos[0], "1"), (announced.videos[1], "2")]
    assert broker.ended == announced.videos[1:]


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_whoever_cancels_the_video_stops_the_camera(announced: Announcement, client: Client, how: str) -> None:
    sender = Sender(Outbox(), announced, Broker().connect, lambda text: None)
    with announced:
        sender.start()
        (client.cancel if how == "cancelled" else client.delete)(announced.videos[0])
        wait_until(lambda: not sender.running, 5)
    assert isinstance(sender.stopped, CameraStopped)
    assert how in str(sender.stopped)


def test_no_video_is_made_while_no_broker_is_there(
    announced: Announcement, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "reachable", lambda bootstrap: False)
    looked = threading.Event()
    announced._note = lambda text: looked.set()
    with announced:
        services.videos.transition(UUID(announced.videos[0]), VideoStatus.FAILED)
        assert looked.wait(5)
        assert announced.current().video_id == announced.videos[0]
    assert len(announced.videos) == 1


def test_a_broker_is_there_if_it_takes_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert announcing.reachable(f"127.0.0.1:1,127.0.0.1:{port}")
    assert not announcing.reachable(f"127.0.0.1:{port}")


def test_a_wrong_source_makes_no_video(
    address: str, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_URL", address)
    assert main(["camera", "--source", "none.mp4", "--camera-id", "door"]) == 1
    assert "there is no file none.mp4" in capsys.readouterr().err
    assert list(client.videos(status="all")) == []


def test_source_and_id_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["camera", "--source", "0"]) == 2
    assert "--camera-id" in capsys.readouterr().err


def test_without_a_camera_the_check_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framewise.camera.devices.devices", lambda: iter(()))
    assert main(["camera", "--check"]) == 1
    assert "there is no /dev/video*" in capsys.readouterr().err


WITHOUT = """
import sys
for name in ("cv2", "kafka", "numpy"):
    sys.modules[name] = None
from framewise.cli.main import main
sys.exit(main(["camera", "--source", "0", "--camera-id", "door"]))
"""


def test_without_the_extra_it_says_how_to_install_it() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "pip install 'framewise[camera]'" in ended.stderr
