"""`./run.sh keys`: which Cassandra it is pointed at."""

from pathlib import Path

import pytest

from pipeline.contracts.errors import StackError
from stack.__main__ import main
from stack.keys import HOSTS, address
from stack.settings import StackSettings


def test_without_a_running_stack_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOSTS, raising=False)
    with pytest.raises(StackError, match="start it with"):
        address(StackSettings(data_dir=tmp_path), ["list"])
    assert address(StackSettings(data_dir=tmp_path), ["create", "--help"]) == {}


def test_another_cassandra_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOSTS, "db.example")
    assert address(StackSettings(data_dir=tmp_path), ["list"]) == {}


def test_every_word_is_for_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv(HOSTS, raising=False)
    assert main(["keys", "create", "--name", "a", "--scopes", "read"]) == 1
    assert "Cassandra does not run here" in capsys.readouterr().err
