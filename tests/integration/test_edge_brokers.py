"""The brokers' configurations as they are shipped, and a connection that is checked by certificate."""

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

import connectors.edge
from connectors.edge.messages import Message
from connectors.edge.passing import Answer, Inlet, Receipt
from connectors.edge.session import Session
from stack.ports import free_ports
from tests.edge import processor
from tests.mosquitto import MISSING, broker
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")
ROOM = 10
WORDS = ("ready", "certificate verify failed", "Not authorized")
CONF = Path(connectors.edge.__file__).parent / "conf"


def _shipped(name: str, folder: Path, port: int) -> str:
    """A configuration with this machine's folders and a free port."""
    text = (CONF / name).read_text()
    for place in ("/mosquitto/config", "/mosquitto/data"):
        assert place in text or name == "edge.conf"
        text = text.replace(place, str(folder))
    for listener in ("listener 8883", "listener 1883 127.0.0.1"):
        text = text.replace(listener, f"listener {port} 127.0.0.1")
    return f"{text}\nuser root\n"


def test_the_broker_at_the_edge_starts_as_it_is_shipped(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with broker(tmp_path, port=port, text=_shipped("edge.conf", tmp_path, port)) as edge:
        session = Session(edge.settings(), "test")
        session.start()
        wait_until(lambda: session.ready)
        session.stop()


def test_a_client_gets_no_more_than_it_has_room_for_though_the_broker_forgets_its_window(tmp_path: Path) -> None:
    held: list[Receipt] = []
    with broker(tmp_path) as cloud:
        inlet = Inlet(("t",), lambda message, receipt: held.append(receipt), lambda: len(held) < ROOM)
        reader, writer = Session(cloud.settings(), "reader", inlet), Session(cloud.settings(), "writer")
        for session in (reader, writer):
            session.start()
        wait_until(lambda: reader.ready and writer.ready)
        answers: list[Answer] = []
        for number in range(300):
            writer.send(Message("t", b"%d" % number), answers.append)
        wait_until(lambda: len(answers) == 300 and len(held) >= ROOM)
        given = 0
        while given < 300:
            wait_until(lambda: bool(held))
            assert len(held) <= ROOM
            held.pop().give()
            given += 1
        for session in (reader, writer):
            session.stop()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl, which is not there")
def test_the_broker_in_the_cloud_is_known_by_its_certificate_and_its_clients_by_their_passwords(tmp_path: Path) -> None:
    [port] = free_ports(1)
    _certificate(tmp_path)
    text = _shipped("cloud.conf", tmp_path, port)
    with ExitStack() as held:
        cloud = held.enter_context(broker(tmp_path, port=port, text=text, tls=True, users={"edge": "s3cret"}))
        stranger = cloud.settings("edge")
        known = stranger.model_copy(update={"ca_file": tmp_path / "ca.pem"})
        nameless = known.model_copy(update={"user": ""})
        doors = [
            processor(tmp_path / name, settings, str(tmp_path / "store"), FRAMEWISE_EDGE_CLIENT_ID=name)
            for name, settings in (("known", known), ("stranger", stranger), ("nameless", nameless))
        ]
        for door in doors:
            held.callback(door.stop)
            door.start()
        wait_until(lambda: all(word in door.log for word, door in zip(WORDS, doors, strict=True)))
        assert [door.ready for door in doors] == [True, False, False]
        assert not any("s3cret" in door.log for door in doors)


def _certificate(folder: Path) -> None:
    """One for this machine, which vouches for itself."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    shutil.copy(folder / "server.pem", folder / "ca.pem")
