from pathlib import Path

import pytest

from pipeline.contracts.errors import StackError
from stack.__main__ import main
from stack.cqlsh import address
from stack.settings import StackSettings
from stack.tools import TOOLS, broker, tool_of, with_server


def here() -> str:
    return "here:1"


@pytest.mark.parametrize(
    ("tool", "line", "words"),
    [
        ("topics", "--list", "--bootstrap-server here:1 --list"),
        ("topics", "--list --bootstrap-server there:2", "--list --bootstrap-server there:2"),
        ("topics", "--bootstrap-server=there:2 --list", "--bootstrap-server=there:2 --list"),
        ("topics", "--help", "--help"),
        ("cluster", "cluster-id", "cluster-id --bootstrap-server here:1"),
        ("dump-log", "--files a.log", "--files a.log"),
    ],
)
def test_the_broker_is_filled_in_unless_it_is_named(tool: str, line: str, words: str) -> None:
    assert with_server(TOOLS[tool], line.split(), here) == words.split()


@pytest.mark.parametrize("name", ["topics", "kafka-topics", "kafka-topics.sh"])
def test_a_tool_may_be_called_as_kafkas_script(name: str) -> None:
    assert tool_of(name) is TOOLS["topics"]


def test_a_tool_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(StackError, match=r"no tool topic; there are: topics, console-consumer"):
        tool_of("topic")


def test_without_a_stack_each_says_how_to_start_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CQLSH_HOST", raising=False)
    settings = StackSettings(data_dir=tmp_path)
    with pytest.raises(StackError, match=r"Kafka does not run here: start it with \./run\.sh"):
        broker(settings)
    with pytest.raises(StackError, match=r"Cassandra does not run here: start it with \./run\.sh"):
        address(settings, ["-e", "SELECT 1"])
    assert address(settings, ["--version"]) == {}
    monkeypatch.setenv("CQLSH_HOST", "there")
    assert address(settings, []) == {}


def test_without_a_tool_all_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path))
    assert main(["kafka"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in TOOLS)


def test_what_follows_a_tool_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path))
    assert main(["kafka", "nothing", "--workers", "many"]) == 1
    assert "there is no tool nothing" in capsys.readouterr().err
