"""`./run.sh workers`: what it says, and what it refuses."""

import os
import threading
from pathlib import Path

import pytest

from pipeline import workforce
from pipeline.contracts.errors import StackError
from pipeline.identity import Identity
from pipeline.workforce import Workforce
from stack import workers
from stack.__main__ import main
from stack.settings import StackSettings
from stack.state import ServiceState, ServiceStatus, StackState, write_state


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    """Of a stack whose analysis is up, with two workers."""
    settings = StackSettings(data_dir=tmp_path, workers=2)
    me = Identity.of(os.getpid())
    assert me is not None
    write_state(settings.state_file, StackState(me, "", {}, {"analysis": ServiceStatus(ServiceState.READY)}))
    workforce.say(tmp_path, Workforce(2, 2, 1, 8))
    return settings


def test_it_says_how_many_there_are(settings: StackSettings) -> None:
    said: list[str] = []
    assert workers.show(settings, said.append) == 0
    workforce.say(settings.data_dir, Workforce(4, 2, 1, 2, "the cluster has 2 cores for them"))
    workers.show(settings, said.append)
    assert said == [
        "2 for files, 1 for live frames",
        "2 for files, 1 for live frames; 4 are wanted: the cluster has 2 cores for them",
    ]


def test_it_waits_until_the_analysis_has_so_many(settings: StackSettings) -> None:
    said: list[str] = []
    changing = threading.Thread(target=workers.change, args=(settings, 3, said.append))
    changing.start()
    asked = threading.Event()
    while workforce.asked_for(settings.data_dir) != 3:
        asked.wait(0.01)
    assert said == []
    workforce.say(settings.data_dir, Workforce(3, 3, 1, 8))
    changing.join(10)
    assert said[0].startswith("3 for files, 1 for live frames (")


@pytest.mark.parametrize(
    ("number", "reason"), [(0, "one at least"), (-2, "one at least"), (9, "topic frames has 8 partitions")]
)
def test_a_number_that_cannot_be_is_refused(settings: StackSettings, number: int, reason: str) -> None:
    with pytest.raises(StackError, match=reason):
        workers.change(settings, number, print)
    assert workforce.asked_for(settings.data_dir) is None


def test_with_gpus_the_number_is_theirs(settings: StackSettings) -> None:
    workforce.say(settings.data_dir, Workforce(2, 2, 1, 2, "there is one worker a GPU", fixed=True))
    with pytest.raises(StackError, match="cannot be changed: there is one worker a GPU"):
        workers.change(settings, 1, print)
    assert workforce.asked_for(settings.data_dir) is None


def test_one_that_never_comes_is_not_waited_for_for_ever(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHANGE_SECONDS", 0.3)
    with pytest.raises(StackError, match="there are 2 for files, 1 for live frames after 0 s"):
        workers.change(settings, 3, print)


def test_before_the_start_it_is_noted_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAMEWISE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FRAMEWISE_WORKERS", "2")
    assert (main(["workers"]), main(["workers", "5"]), main(["workers"])) == (0, 0, 0)
    assert capsys.readouterr().out.splitlines() == [
        "the analysis does not run; it will start with 2",
        "the analysis does not run; it will start with 5",
        "the analysis does not run; it will start with 5",
    ]
    assert workforce.asked_for(tmp_path) == 5
