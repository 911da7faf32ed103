"""Duties: in one hand at a time, and free again by themselves; the twin and Cassandra alike."""

import threading
from uuid import uuid4

import pytest

from pipeline.stores.duties import CassandraDutyStore, DutyStore, InMemoryDutyStore
from tests.waiting import wait_until


@pytest.fixture(params=["twin", "cassandra"])
def duties(request: pytest.FixtureRequest) -> DutyStore:
    if request.param == "twin":
        return InMemoryDutyStore()
    return CassandraDutyStore(request.getfixturevalue("client"))


@pytest.fixture
def name() -> str:
    return f"duty-{uuid4()}"


def test_a_duty_is_in_one_hand(duties: DutyStore, name: str) -> None:
    assert duties.take(name, "a", 60)
    assert not duties.take(name, "b", 60)
    assert duties.take(name, "a", 60)
    assert duties.take(f"{name}-other", "b", 60)
    duties.leave(name, "b")
    assert not duties.take(name, "b", 60)
    duties.leave(name, "a")
    duties.leave(name, "a")
    assert duties.take(name, "b", 60)


def test_a_duty_that_is_not_held_on_runs_out(duties: DutyStore, name: str) -> None:
    assert duties.take(name, "a", 1)
    wait_until(lambda: duties.take(name, "b", 60))
    assert not duties.take(name, "a", 60)


def test_of_many_one_gets_it(duties: DutyStore, name: str) -> None:
    got: list[str] = []

    def take(owner: str) -> None:
        if duties.take(name, owner, 60):
            got.append(owner)

    threads = [threading.Thread(target=take, args=(f"owner-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 1
