from pathlib import Path

import pytest

from pipeline.contracts.errors import StackError
from stack import mqtt
from stack.services import DOORS, SERVICES, chosen
from stack.settings import StackSettings


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a broker, whatever this one has."""
    monkeypatch.setattr(mqtt, "_mosquitto", lambda: "/usr/sbin/mosquitto")


def names(*doors: str, services: tuple[str, ...] = ()) -> list[str]:
    return [service.name for service in chosen(StackSettings(doors=doors, services=services))]


def test_a_door_is_opened_only_when_it_is_asked_for() -> None:
    assert not {"aws", "edge", "camera", "mqtt"} & set(names())
    assert names("aws") == [*names(), "aws"]
    assert set(names("aws", "camera")) - set(names()) == {"aws", "camera"}


def test_the_edge_comes_with_its_broker_which_can_be_had_alone() -> None:
    assert set(names("edge")) - set(names()) == {"mqtt", "edge"}
    assert set(names("mqtt")) - set(names()) == {"mqtt"}


def test_named_services_are_all_that_runs() -> None:
    assert names("aws", services=("kafka", "mqtt")) == ["kafka", "mqtt"]


def test_a_door_that_is_not_there_is_refused_with_those_that_are() -> None:
    assert DOORS == ("aws", "camera", "edge", "mqtt")
    with pytest.raises(StackError, match="no door named windows; --with takes aws, camera, edge, mqtt"):
        chosen(StackSettings(doors=("windows",)))


def test_a_door_whose_server_cannot_run_here_is_refused_and_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_mosquitto", lambda: None)
    assert "mqtt" not in names()
    with pytest.raises(StackError, match=r"mqtt, which --with asks for.*apt install mosquitto"):
        chosen(StackSettings(doors=("edge",)))


def test_each_door_begins_when_the_service_answers() -> None:
    doors = {service.name: service for service in SERVICES if service.doors and service.name != "mqtt"}
    assert all("api" in door.after for door in doors.values())
    assert doors["edge"].after == ("api", "mqtt")


def test_the_processor_is_told_of_the_stacks_broker_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StackSettings(mqtt_port=18830)
    monkeypatch.delenv(mqtt.BROKER_VARIABLE, raising=False)
    assert mqtt.variables(settings) == {"FRAMEWISE_EDGE_BROKER_URL": "mqtt://127.0.0.1:18830"}
    monkeypatch.setenv(mqtt.BROKER_VARIABLE, "mqtts://broker.example:8883")
    assert mqtt.variables(settings) == {"FRAMEWISE_EDGE_BROKER_URL": "mqtts://broker.example:8883"}


def test_the_brokers_configuration_names_its_port_and_its_folder(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path, mqtt_port=18831)
    mqtt.prepare(settings)
    text = (tmp_path / "conf" / "mosquitto.conf").read_text()
    assert "listener 18831 127.0.0.1" in text
    assert f"persistence_location {tmp_path}/mqtt/" in text
    assert (tmp_path / "mqtt").is_dir()
