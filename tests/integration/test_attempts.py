"""What another attempt finds and leaves in a result store: the one on Cassandra, and its in-memory twin."""

from uuid import uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.contracts.results import AnalyzedFrame, TaskName
from pipeline.contracts.videos import LedgerCount
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.results import ResultStore, count
from tests.unit.factories import a_result, analyzed

AT = 1_700_000_000_000_000
AGAIN = AT + 10


@pytest.fixture(scope="module")
def on_cassandra(client: CassandraClient) -> CassandraResultStore:
    return CassandraResultStore(client)


@pytest.fixture(scope="module", params=["memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> ResultStore:
    if request.param == "memory":
        return InMemoryResultStore()
    kept: CassandraResultStore = request.getfixturevalue("on_cassandra")
    return kept


def save(store: ResultStore, *frames: AnalyzedFrame, at: int = AT) -> None:
    store.save(frames, {frame.video_id: at for frame in frames})


def failed(video_id: object, number: int) -> AnalyzedFrame:
    """A frame on which one of two models raised."""
    return analyzed(video_id, number, a_result(error="it raised"), a_result(task=TaskName.FACES))  # type: ignore[arg-type]


def test_failed_outcomes_go_and_good_ones_stay(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, *(analyzed(video_id, n) for n in (1, 3, 5, 1001)), failed(video_id, 2), failed(video_id, 1000))
    assert store.reopen(video_id, 0, AGAIN) == {1, 3, 5}
    assert store.outcomes(video_id, 0) == {1: False, 3: False, 5: False}
    assert count(store, video_id) == LedgerCount(4, 0)
    assert store.frame(video_id, 2) == ()
    assert store.failure_reason(video_id) is None
    assert store.reopen(video_id, 0, AGAIN) == {1, 3, 5}


def test_a_bucket_of_failures_is_empty_afterwards(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, failed(video_id, 7), failed(video_id, 1007))
    assert store.reopen(video_id, 0, AGAIN) == frozenset()
    assert [s.bucket for s in store.summaries(video_id)] == [1]
    assert store.reopen(video_id, 3, AGAIN) == frozenset()
    save(store, analyzed(video_id, 7), at=AGAIN)
    assert count(store, video_id) == LedgerCount(1, 1)


def test_what_the_new_attempt_writes_is_there(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, failed(video_id, 1), failed(video_id, 2))
    store.reopen(video_id, 0, AGAIN)
    save(store, analyzed(video_id, 1), failed(video_id, 2), at=AGAIN)
    assert count(store, video_id) == LedgerCount(1, 1)
    assert len(store.frame(video_id, 2)) == 2
    assert store.reopen(video_id, 0, AGAIN) == {1, 2}
    assert count(store, video_id) == LedgerCount(1, 1)


@pytest.mark.parametrize("late", ["failed", "good"])
def test_late_outcomes_of_the_earlier_attempt_stay_away(store: ResultStore, late: str) -> None:
    """Also those of frames of which nothing had arrived: another attempt has them in hand."""
    video_id = uuid4()
    save(store, analyzed(video_id, 1), failed(video_id, 2))
    store.reopen(video_id, 0, AGAIN)
    make = failed if late == "failed" else analyzed
    save(store, *(make(video_id, n) for n in (1, 2, 3)))
    assert store.outcomes(video_id, 0) == {1: False}
    assert store.frame(video_id, 3) == ()


def test_cleared_frames_keep_a_good_outcome_and_lose_a_failed_one(store: ResultStore) -> None:
    video_id = uuid4()
    save(store, *(analyzed(video_id, n) for n in (1, 2, 3)), failed(video_id, 4), failed(video_id, 5))
    entries = store.entries(video_id, 0)
    store.clear(video_id, 0, [e for e in entries if e.frame_number in (1, 4)], AT + 1)
    assert count(store, video_id) == LedgerCount(3, 2)
    assert store.reopen(video_id, 0, AGAIN) == {1, 2, 3}
    assert store.outcomes(video_id, 0) == {1: False, 2: False, 3: False}
    assert count(store, video_id) == LedgerCount(3, 0)
    save(store, analyzed(video_id, 4), at=AGAIN)
    assert count(store, video_id) == LedgerCount(4, 0)
