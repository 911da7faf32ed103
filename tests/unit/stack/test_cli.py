import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.contracts.errors import StackError
from pipeline.identity import Identity
from stack.__main__ import main, parser
from stack.report import NOT_READY, addresses, show_logs
from stack.settings import StackSettings
from stack.state import ServiceState, ServiceStatus, StackState, write_state


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("line", ["--workers 4 demo a.mp4", "demo --workers 4 a.mp4", "demo a.mp4 --workers 4"])
def test_options_may_stand_on_either_side_of_the_command(line: str) -> None:
    options = parser().parse_args(line.split())
    assert (options.command, options.workers, options.source) == ("demo", 4, "a.mp4")


def test_without_a_command_everything_is_started() -> None:
    assert parser().parse_args(["--gpu"]).command is None


def test_a_stack_that_was_never_started_has_a_status_and_nothing_to_stop(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == NOT_READY
    assert main(["down"]) == 0
    said = capsys.readouterr().out
    assert "cassandra" in said
    assert "nothing was running" in said


def test_a_wrong_setting_is_named(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_KAFKA_PORT", "ninety")
    assert main(["status"]) == 1
    assert "FRAMEWISE_KAFKA_PORT" in capsys.readouterr().err


def test_workers_must_be_a_number_above_zero(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_WORKERS", "1")  # so that what `main` sets is taken back
    assert main(["--workers", "0", "up"]) == 1
    assert "FRAMEWISE_WORKERS" in capsys.readouterr().err


def test_addresses_are_those_of_the_services_that_run(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path, services=("kafka",), kafka_port=1234)
    assert addresses(settings) == [("Kafka", "127.0.0.1:1234"), ("Logs", str(tmp_path / "log"))]


def test_status_says_why_a_service_was_started_again(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    services = {
        "kafka": ServiceStatus(ServiceState.READY),
        "api": ServiceStatus(ServiceState.READY, failures=2, reason="gave no sign of life for 30 s"),
    }
    me = Identity.of(os.getpid())
    assert me is not None
    settings = StackSettings()
    write_state(settings.state_file, StackState(me, "", {}, services))
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "api was started again, 2 in all; the last time it gave no sign of life for 30 s" in said
    assert "kafka was" not in said


def test_logs_of_all_services_say_whose_they_are(tmp_path: Path) -> None:
    settings = StackSettings(data_dir=tmp_path)
    settings.log_dir.mkdir()
    (settings.log_dir / "kafka.log").write_text("one\ntwo [bold]\n")
    console = Console(file=io.StringIO())
    show_logs(settings, console, "", 1, keep=False)
    show_logs(settings, console, "kafka", 1, keep=False)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "kafka      | two [bold]\ntwo [bold]\n"


def test_a_log_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no log of mongo; there are: none yet"):
        show_logs(StackSettings(data_dir=tmp_path), Console(), "mongo", 1, keep=False)
