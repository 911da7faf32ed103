"""Where the broker listens: on loopback, and for cameras of other machines where the settings say so."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from stack import kafka
from stack.settings import StackSettings, stack_variables


def properties(settings: StackSettings) -> dict[str, str]:
    (settings.data_dir / "kafka").mkdir(parents=True)
    (settings.data_dir / "kafka" / "meta.properties").touch()
    kafka.prepare(settings)
    lines = (settings.conf_dir / "kafka.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_broker_is_reached_from_this_machine_only(tmp_path: Path) -> None:
    found = properties(StackSettings(data_dir=tmp_path, kafka_port=1111, kafka_controller_port=1112))
    assert found["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:1112"
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1111"


def test_cameras_of_other_machines_have_a_listener_of_their_own(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path, kafka_host="0.0.0.0", kafka_advertised="box.local:9094")
    found = properties(settings)
    assert found["listeners"].endswith(",OUTSIDE://0.0.0.0:9094")
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092,OUTSIDE://box.local:9094"
    assert stack_variables(settings)["FRAMEWISE_KAFKA_ADVERTISED"] == "box.local:9094"


def test_they_must_be_told_where() -> None:
    with pytest.raises(ValidationError, match=r"192\.168\.1\.10:9094"):
        StackSettings(kafka_host="0.0.0.0")
