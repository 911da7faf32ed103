import io
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import KafkaSettings
from stack import doctor, machine, round_trips
from stack.doctor import Check, Finding, examine, in_turn
from stack.ports import free_ports
from stack.services import chosen
from stack.settings import StackSettings
from stack.trial import PORTS


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    ports: dict[str, Any] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return StackSettings(data_dir=tmp_path, workers=1, services=(), **ports)


def fail() -> str:
    raise StackError("it is broken\nbadly")


def test_an_answer_is_a_finding() -> None:
    found = examine(Check("one", lambda: "here it is", "advice"))
    assert (found.ok, found.said, found.advice) == (True, "here it is", "")


def test_a_failure_comes_with_advice() -> None:
    found = examine(Check("one", fail, "mend it"))
    assert (found.ok, found.said, found.advice) == (False, "it is broken\nbadly", "mend it")


def sleep() -> str:
    time.sleep(5)
    return "late"


def test_what_takes_too_long_is_not_waited_for() -> None:
    began = time.monotonic()
    found = examine(Check("slow", sleep, "wait less", limit=0.2))
    assert time.monotonic() - began < 3
    assert (found.ok, found.said) == (False, "no answer within 0 s")


def test_a_check_that_needs_a_failed_one_is_not_tried() -> None:
    checks = [Check("one", fail, ""), Check("two", fail, "", needs="one"), Check("three", str, "", needs="none")]
    failed: set[str] = set()
    said = [found.said for found in in_turn(checks, failed)]
    assert said == ["it is broken\nbadly", "not tried without one", ""]
    assert failed == {"one", "two"}


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 1)])
def test_the_status_is_zero_only_if_all_is_well(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch, broken: bool, status: int
) -> None:
    found = [Finding("Java", True, 0.1, "Java 17 [bold]"), Finding("Kafka", not broken, 2.0, "away\nlong", "start it")]
    monkeypatch.setattr(doctor, "findings", lambda settings: iter(found))
    console = Console(file=io.StringIO(), width=100)
    assert doctor.run(settings, console) == status
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert "Java 17 [bold]" in said
    assert "away …" in said
    assert ("start it" in said) == broken
    assert ("all is well" in said) != broken


def test_ports_are_free_or_named_with_their_variable(settings: StackSettings) -> None:
    count = sum(len(service.ports) for service in chosen(settings))
    assert machine.ports(settings) == f"{count} free, 0 used by the stack itself"
    with socket.create_server(("127.0.0.1", settings.kafka_port)), pytest.raises(StackError) as caught:
        machine.ports(settings)
    assert str(settings.kafka_port) in str(caught.value)
    assert "FRAMEWISE_KAFKA_PORT" in str(caught.value)


def test_little_space_is_named(settings: StackSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GB free" in machine.disk(settings.model_copy(update={"data_dir": settings.data_dir / "not" / "yet"}))
    monkeypatch.setattr(machine, "DISK_GB", 1e9)
    with pytest.raises(StackError, match="GB are needed"):
        machine.disk(settings)


def test_too_many_workers_for_the_memory_are_named(settings: StackSettings) -> None:
    with pytest.raises(StackError, match="100000 workers and the servers need"):
        machine.memory(settings.model_copy(update={"workers": 100_000}))


def test_the_video_libraries_decode_the_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "libavcodec" in machine.video_libraries()
    monkeypatch.setattr(machine, "DECODERS", ("h264", "nothing_like_it"))
    with pytest.raises(StackError, match="no decoder for nothing_like_it"):
        machine.video_libraries()


def test_weights_that_cannot_be_had_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.setenv("FRAMEWISE_MODELS_DIR", str(tmp_path / "models"))
    (tmp_path / "models" / "mine" / "model.toml").write_text("no card")
    with pytest.raises(StackError, match="mine"):
        machine.weights()


def test_a_broker_that_is_away_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trips, "ANSWER_MS", 500)
    (port,) = free_ports(1)
    kafka = KafkaSettings(kafka_bootstrap=f"127.0.0.1:{port}")
    found = examine(Check("Kafka", lambda: round_trips.kafka_there_and_back(kafka, "t"), "start it"))
    assert not found.ok
    assert "does not answer" in found.said


def test_a_bucket_of_frames_is_tried_where_there_is_one(settings: StackSettings) -> None:
    def tried(chosen: StackSettings) -> list[str]:
        return [check.ask() for check in doctor.machine_checks(chosen) if check.name == "frame store"]

    assert tried(settings) == []
    assert tried(settings.model_copy(update={"frame_store": "memory://frames/tried"})) == [
        "a frame put into memory://frames/tried, read, listed and deleted"
    ]
