from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import AnalysisSettings, CassandraSettings, KafkaSettings, PathSettings
from stack.services import SERVICES, chosen
from stack.settings import StackSettings, stack_variables


def test_the_children_read_what_the_stack_decided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path, mirror=None, kafka_port=1001, cassandra_port=1002, workers=3, gpu=True)
    for name, value in stack_variables(settings).items():
        monkeypatch.setenv(name, value)
    assert StackSettings() == settings
    assert KafkaSettings().kafka_bootstrap == "127.0.0.1:1001"
    assert CassandraSettings().cassandra_port == 1002
    assert (AnalysisSettings().workers, AnalysisSettings().gpu) == (3, True)
    assert PathSettings().mirror is None


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(ValidationError, match="every port must be another one"):
        StackSettings(kafka_port=9042)


def test_services_are_named_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_SERVICES", "cassandra, kafka")
    assert [service.name for service in chosen(StackSettings())] == ["kafka", "cassandra"]


def test_a_service_that_is_not_there_is_named() -> None:
    with pytest.raises(StackError, match="names mongo, but there are only kafka"):
        chosen(StackSettings(services=("mongo",)))


def test_every_service_waits_for_services_before_it() -> None:
    names = [service.name for service in SERVICES]
    for service in SERVICES:
        assert all(names.index(other) < names.index(service.name) for other in service.after)


def test_every_port_of_a_service_is_a_setting() -> None:
    settings = StackSettings()
    assert all(getattr(settings, port) for service in SERVICES for port in service.ports)
