"""Who publishes: what the twin promises, Cassandra keeps."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.publishers import CassandraPublisherStore
from pipeline.contracts.errors import Conflict
from pipeline.stores.publishers import InMemoryPublisherStore, PublisherState, PublisherStore
from tests.unit.factories import T0

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["in memory", "cassandra"])
def store(request: pytest.FixtureRequest) -> PublisherStore:
    if request.param == "in memory":
        return InMemoryPublisherStore()
    client: CassandraClient = request.getfixturevalue("client")
    return CassandraPublisherStore(client)


@pytest.fixture
def invited(store: PublisherStore) -> PublisherState:
    state = PublisherState(uuid4(), uuid4().hex * 2, T0, T0 + timedelta(hours=1))
    store.invite(state)
    return state


def known(store: PublisherStore, video_id: UUID) -> PublisherState:
    state = store.state(video_id)
    assert state is not None
    return state


def test_a_key_opens_its_video_and_nothing_else_is_known(store: PublisherStore, invited: PublisherState) -> None:
    assert store.state(invited.video_id) == invited == store.by_key(invited.key_hash)
    assert invited.video_id in list(store.listed())
    assert not invited.came
    assert not invited.connected
    assert store.state(uuid4()) is None is store.by_key("0" * 64)
    with pytest.raises(Conflict):
        store.invite(replace(invited, key_hash="1" * 64))
    assert store.state(invited.video_id) == invited
    assert store.by_key("1" * 64) is None


def test_only_the_session_that_publishes_can_end_it(store: PublisherStore, invited: PublisherState) -> None:
    video_id = invited.video_id
    assert store.connect(video_id, "one", T0)
    assert known(store, video_id).connected
    assert known(store, video_id).since == T0
    assert store.connect(video_id, "two", T0 + SECOND)
    assert not store.end(video_id, "one", T0 + 2 * SECOND)
    assert known(store, video_id).connected
    assert store.end(video_id, "two", T0 + 3 * SECOND)
    assert not store.end(video_id, "two", T0 + 4 * SECOND)
    state = known(store, video_id)
    assert (state.came, state.connected, state.ended_at) == (True, False, T0 + 3 * SECOND)
    assert store.connect(video_id, "three", T0 + 5 * SECOND)
    assert known(store, video_id).connected


def test_a_revoked_key_connects_nobody(store: PublisherStore, invited: PublisherState) -> None:
    store.revoke(invited.video_id, T0 + SECOND)
    store.revoke(invited.video_id, T0 + 2 * SECOND)
    assert not store.connect(invited.video_id, "one", T0 + 3 * SECOND)
    assert known(store, invited.video_id).revoked_at == T0 + SECOND


def test_what_was_forgotten_comes_back_by_no_late_call(store: PublisherStore, invited: PublisherState) -> None:
    video_id = invited.video_id
    assert store.connect(video_id, "one", T0)
    store.forget(video_id)
    store.forget(video_id)
    assert not store.connect(video_id, "two", T0)
    assert not store.end(video_id, "one", T0)
    store.revoke(video_id, T0)
    assert store.state(video_id) is None is store.by_key(invited.key_hash)
    assert video_id not in list(store.listed())


def test_what_needs_no_looking_after_is_not_listed(store: PublisherStore, invited: PublisherState) -> None:
    store.unlist(invited.video_id)
    store.unlist(invited.video_id)
    assert invited.video_id not in list(store.listed())
    assert store.state(invited.video_id) is not None
