"""The agent's command line and settings."""

from pathlib import Path

import pytest

from connectors.edge.agent.arguments import read
from connectors.edge.agent.building import source_of, spool_of
from connectors.edge.agent.devices import DeviceSource, StreamSource
from connectors.edge.agent.files import FileSource
from connectors.edge.agent.settings import AgentSettings
from connectors.edge.brokers import BrokerUnusable
from pipeline.contracts.errors import SourceRefused, StackError
from pipeline.contracts.settings import PathSettings


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_AGENT_SITE", "gate")
    monkeypatch.setenv("FRAMEWISE_AGENT_CAMERA", "back")
    monkeypatch.setenv("FRAMEWISE_AGENT_BROKER_URL", "mqtt://elsewhere:1")
    monkeypatch.setenv("FRAMEWISE_AGENT_BROKER_PASSWORD", "secret")
    settings, broker = read(["--camera", "front", "--resolution", "1920x1080", "--labels", "person, dog"])
    assert (settings.site, settings.camera, settings.resolution) == ("gate", "front", (1920, 1080))
    assert settings.labels == {"person", "dog"}
    assert broker.url == "mqtt://elsewhere:1"
    assert read(["--broker", "mqtts://b"])[1].address.tls


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--site", "a/b"], "FRAMEWISE_AGENT_SITE"),
        (["--camera", ".."], "FRAMEWISE_AGENT_CAMERA"),
        (["--resolution", "large"], "WIDTHxHEIGHT"),
        (["--fps", "0"], "FRAMEWISE_AGENT_FPS"),
        (["--confirm", "maybe"], "FRAMEWISE_AGENT_CONFIRM"),
        (["--topic", "faces/#"], "FRAMEWISE_AGENT_TOPIC"),
        (["--recorded-at", "2026-05-01T12:00:00"], "time zone"),
        (["--broker", "http://b"], "FRAMEWISE_AGENT_BROKER_URL"),
        (["--source", "rtsp://me:secret@camera/1"], "FRAMEWISE_AGENT_SOURCE"),
    ],
)
def test_what_is_wrong_is_named_without_secrets(given: list[str], named: str) -> None:
    with pytest.raises(BrokerUnusable, match=named) as problem:
        read(given)
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("0", DeviceSource),
        ("/dev/video2", DeviceSource),
        ("rtsp://camera/1", StreamSource),
        ("https://camera/mjpeg", StreamSource),
        ("clip.mp4", FileSource),
        ("/videos/0", FileSource),
    ],
)
def test_a_source_is_known_by_how_it_is_written(source: str, kind: type) -> None:
    assert isinstance(source_of(AgentSettings(source=source)), kind)


def test_other_addresses_are_refused() -> None:
    with pytest.raises(SourceRefused, match="ftp"):
        source_of(AgentSettings(source="ftp://camera/1"))


def test_a_password_of_a_camera_is_not_in_its_name() -> None:
    assert "secret" not in source_of(AgentSettings(source="rtsp://me:secret@camera/1")).name


def test_two_agents_of_one_camera_are_one_too_many(tmp_path: Path) -> None:
    paths = PathSettings(data_dir=tmp_path)
    spool_of(AgentSettings(site="s", camera="one"), paths)
    spool_of(AgentSettings(site="s", camera="two"), paths)
    with pytest.raises(StackError, match="another agent is at work for s/one"):
        spool_of(AgentSettings(site="s", camera="one"), paths)
