"""What is asked for and said of workers, through files."""

from pathlib import Path

import pytest

from pipeline import workforce
from pipeline.workforce import Workforce


def test_what_is_asked_for_stays_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert workforce.asked_for(folder) is None
    workforce.ask_for(folder, 3)
    assert workforce.asked_for(folder) == 3
    workforce.ask_for(folder, 2)
    assert workforce.asked_for(folder) == 2
    workforce.forget(folder)
    workforce.forget(folder)
    assert workforce.asked_for(folder) is None


@pytest.mark.parametrize("text", ["", "many", "0", "-1", "1.5"])
def test_what_is_no_number_of_workers_is_asked_by_nobody(tmp_path: Path, text: str) -> None:
    workforce.wanted_file(tmp_path).write_text(text)
    assert workforce.asked_for(tmp_path) is None


def test_what_is_said_is_read_back(tmp_path: Path) -> None:
    assert workforce.said(tmp_path) is None
    there = Workforce(wanted=3, working=2, live=1, most=8, why="no room")
    workforce.say(tmp_path, there)
    assert workforce.said(tmp_path) == there


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"wanted": 1, "more": 2}'])
def test_what_another_version_said_is_not_known(tmp_path: Path, text: str) -> None:
    workforce.say(tmp_path, Workforce(1, 1, 1, 1))
    workforce.said_file(tmp_path).write_text(text)
    assert workforce.said(tmp_path) is None
