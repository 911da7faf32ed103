"""Live sources that are pulled: what is taken, what is refused at once, and that no password is shown."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.contracts.settings import LiveSettings
from pipeline.contracts.videos import KeepFrames, SourceKind
from pipeline.outbound.guard import SourceGuard
from tests.unit.api.conftest import twins

PUBLIC = ("93.184.215.14",)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """With two cameras, and hosts whose names say where they lead."""

    def resolver(host: str, port: int) -> tuple[str, ...]:
        return PUBLIC if host.endswith("example.com") else (host,)

    devices = {"front": "/dev/video0", "0": "/dev/video1"}
    guard = SourceGuard(resolver=resolver)
    return replace(twins(tmp_path), guard=guard, streams=LiveSettings(devices=devices))


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url="http://127.0.0.1", raise_server_exceptions=False)


def asked(client: TestClient, url: Any, **more: Any) -> Any:
    """The answer to a submission."""
    return client.post("/analysis/stream", json={"streamURL": url, "modelsToRun": ["objects_detection"], **more})


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://camera.example.com/one",
        "rtsps://camera.example.com:8554/one",
        "rtmp://example.com/live/key",
        "http://camera.example.com/mjpeg?fps=5",
        "device:front",
    ],
)
def test_a_source_waits_as_a_live_video(client: TestClient, services: Services, url: str) -> None:
    answer = asked(client, url, keep="all", sampleSeconds=0.5)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["source"], answer.json()["keep"]) == ("stream", "all")
    [video] = services.videos.open_videos()
    kept = services.videos.get(video)
    assert kept is not None
    assert (kept.source, kept.source_url, kept.keep, kept.live) == (SourceKind.STREAM, url, KeepFrames.ALL, True)


def test_a_number_names_a_device(client: TestClient) -> None:
    assert asked(client, 0).json()["video_url"] == "device:0"


def test_a_password_is_never_shown(client: TestClient) -> None:
    body = asked(client, "rtsp://user:secret@camera.example.com/one").text
    assert "secret" not in body
    assert "rtsp://***@camera.example.com/one" in body


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "must start with"),
        ("udp://239.0.0.1:1234", "must start with"),
        ("rtsp:///nowhere", "must start with"),
        ("rtsp://camera.example.com/a b", "control characters"),
        ("device:attic", "FRAMEWISE_DEVICES"),
        (7, "FRAMEWISE_DEVICES"),
        ("rtsp://127.0.0.1/one", "not a public address"),
        ("rtmp://10.0.0.7/live/x", "not a public address"),
        ("http://169.254.169.254/latest", "not a public address"),
        ("http://example.com/list.m3u8", "FRAMEWISE_ALLOW_HLS"),
        (True, "streamURL"),
    ],
)
def test_what_cannot_be_dialled_is_refused_with_the_reason(client: TestClient, url: Any, said: str) -> None:
    answer = asked(client, url)
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
