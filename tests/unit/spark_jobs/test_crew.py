"""How the number of workers follows what is asked for."""

import threading
from pathlib import Path

import pytest

from pipeline import workforce
from pipeline.workforce import Workforce
from spark_jobs.crew import Crew, Limit
from tests.unit.spark_jobs.crews import FixedLive, ListedHands, a_crew
from tests.waiting import wait_until


@pytest.fixture
def hands() -> ListedHands:
    return ListedHands()


def working(crew: Crew) -> int:
    """How many workers the next micro-batch has."""
    with crew.batch() as workers:
        return workers


def test_it_begins_with_the_setting_unless_another_number_was_asked_for(tmp_path: Path) -> None:
    assert a_crew(tmp_path, 2).working == 2
    workforce.ask_for(tmp_path, 3)
    assert a_crew(tmp_path, 2).working == 3, "so it outlives a restart"


def test_workers_that_come_are_ready_before_a_batch_counts_on_them(tmp_path: Path, hands: ListedHands) -> None:
    crew = a_crew(tmp_path, 1, hands)
    workforce.ask_for(tmp_path, 3)
    with crew.batch() as workers:
        assert workers == 1
        crew.look()
    assert hands.ready == [2], "one is at work, one is with the live frames"
    assert working(crew) == 3
    crew.look()
    assert (hands.ready, hands.dismissed) == ([2], [])


def test_no_batch_begins_while_idle_workers_are_asked_for_something(tmp_path: Path) -> None:
    """For such a batch Spark would make more processes, each with models of its own."""
    crew = a_crew(tmp_path, 2)
    crew.start()
    began = threading.Event()

    def run() -> None:
        with crew.batch():
            began.set()

    batch = threading.Thread(target=run)
    with crew.rest() as idle:
        assert idle == 2
        batch.start()
        assert not began.wait(0.2)
    batch.join(10)
    assert began.is_set()
    with crew.batch(), crew.rest() as idle:
        assert idle == 0


def test_without_a_batch_those_that_wait_are_made_ready_too(tmp_path: Path, hands: ListedHands) -> None:
    crew = a_crew(tmp_path, 1, hands)
    workforce.ask_for(tmp_path, 2)
    crew.look()
    assert hands.ready == [2]


def test_one_too_many_is_dismissed_when_the_batch_has_ended(
    tmp_path: Path, hands: ListedHands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.crew.TURN_SECONDS", 0.01)
    crew = a_crew(tmp_path, 3, hands)
    workforce.ask_for(tmp_path, 1)
    with crew.batch():
        looking = threading.Thread(target=crew.look)
        looking.start()
        looking.join(10)
        assert hands.dismissed == []
    assert working(crew) == 1
    crew.look()
    crew.look()
    assert hands.dismissed == [(3, 1)]


def test_more_than_there_is_room_for_is_said_with_the_reason(tmp_path: Path) -> None:
    crew = a_crew(tmp_path, 2)
    workforce.ask_for(tmp_path, 9)
    crew.look()
    assert workforce.said(tmp_path) == Workforce(9, 8, 1, 8, "there is no more room")


def test_what_is_said_is_what_there_is(tmp_path: Path) -> None:
    crew = a_crew(tmp_path, 2)
    crew.look()
    assert workforce.said(tmp_path) == Workforce(2, 2, 1, 8)


def test_live_frames_get_a_worker_more_and_give_it_back(tmp_path: Path, hands: ListedHands) -> None:
    live = FixedLive()
    crew = a_crew(tmp_path, 2, hands, live)
    live.want = 2
    crew.look()
    assert (live.tasks, hands.ready) == (2, [3]), "two that may be idle, and the new one"
    live.want = 1
    crew.look()
    assert (live.tasks, hands.dismissed) == (1, [(3, 2)])


def test_with_fewer_workers_there_are_fewer_for_live_frames(tmp_path: Path, hands: ListedHands) -> None:
    live = FixedLive()
    crew = a_crew(tmp_path, 2, hands, live)
    live.want = 2
    crew.look()
    workforce.ask_for(tmp_path, 1)
    crew.look()
    assert (crew.working, live.tasks, hands.dismissed) == (1, 1, [(3, 1)])


def test_workers_that_cannot_be_made_ready_leave_the_others_at_work(
    tmp_path: Path, hands: ListedHands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.crew.AGAIN_SECONDS", 0.01)
    crew, stopped = a_crew(tmp_path, 1, hands), threading.Event()
    hands.failure = RuntimeError("no memory\nat all")
    workforce.ask_for(tmp_path, 2)
    thread = crew.keep_looking(stopped)
    try:
        wait_until(lambda: (workforce.said(tmp_path) or Workforce(0, 0, 0, 0)).why != "")
        assert workforce.said(tmp_path) == Workforce(2, 1, 1, 8, "workers could not be made ready: no memory")
        hands.failure = None
        wait_until(lambda: workforce.said(tmp_path) == Workforce(2, 2, 1, 8))
    finally:
        stopped.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_number_that_is_fixed_is_kept_whatever_was_asked_for(tmp_path: Path, hands: ListedHands) -> None:
    workforce.ask_for(tmp_path, 1)
    crew = Crew(hands, FixedLive(), tmp_path, 2, lambda: Limit(2, "there is one worker a GPU", fixed=True))
    assert crew.start() == 2
    crew.look()
    assert workforce.said(tmp_path) == Workforce(1, 2, 1, 2, "there is one worker a GPU", fixed=True)


def test_a_limit_that_falls_takes_workers_away(tmp_path: Path, hands: ListedHands) -> None:
    room = [4]
    crew = Crew(hands, FixedLive(), tmp_path, 4, lambda: Limit(room[0], "the cluster has 2 cores for them"))
    assert crew.start() == 4
    room[0] = 2
    crew.look()
    assert (crew.working, hands.dismissed) == (2, [(4, 2)])
