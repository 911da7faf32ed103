"""The connection to Cassandra: what it says when the server, the keyspace or a table is not there."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.contracts.errors import StoreError, StoreUnavailable
from pipeline.contracts.results import ModelInfo, TaskName
from pipeline.contracts.settings import CassandraSettings
from pipeline.stores.models import CassandraModelStore, InMemoryModelStore, ModelStore
from stack.ports import free_ports
from tests.unit.factories import T0


def test_the_server_says_its_version(client: CassandraClient) -> None:
    assert client.ping().split(".")[0].isdigit()


def test_a_server_that_is_not_there_is_a_clear_error(cassandra_settings: CassandraSettings) -> None:
    port = free_ports(1)[0]
    nowhere = cassandra_settings.model_copy(update={"cassandra_port": port, "cassandra_timeout": 2.0})
    began = time.monotonic()
    for connect in (lambda: CassandraClient(nowhere), lambda: migrate(nowhere)):
        with pytest.raises(StoreUnavailable, match="Cassandra does not answer"):
            connect()
    assert time.monotonic() - began < 20


def test_a_keyspace_that_is_not_there_is_a_clear_error(cassandra_settings: CassandraSettings) -> None:
    with pytest.raises(StoreError, match="nobody_made_it"):
        CassandraClient(cassandra_settings.model_copy(update={"keyspace": "nobody_made_it"}))


def test_a_table_that_is_not_there_is_a_clear_error(client: CassandraClient) -> None:
    with pytest.raises(StoreError, match=r"nobody_made_it.*schema"):
        client.execute("SELECT * FROM nobody_made_it")
    with pytest.raises(StoreError, match="nobody_made_it"):
        list(client.rows("SELECT * FROM nobody_made_it"))


def test_a_client_that_was_closed_says_so(cassandra_settings: CassandraSettings) -> None:
    closed = CassandraClient(cassandra_settings)
    closed.close()
    with pytest.raises(StoreUnavailable):
        closed.ping()


@pytest.mark.parametrize("kind", ["memory", "cassandra"])
def test_models_come_back_in_the_order_of_the_tasks(client: CassandraClient, kind: str) -> None:
    store: ModelStore = CassandraModelStore(client) if kind == "cassandra" else InMemoryModelStore()
    at = T0 + timedelta(milliseconds=12)
    infos = [
        ModelInfo(task, f"model-{task}", "ab" * 32, "onnx", ("a", "ö"), "MIT", 1 / 3, at) for task in reversed(TaskName)
    ]
    assert store.all() == []
    store.save(infos[:3])
    store.save(infos[2:])
    assert store.all() == infos[::-1]
    other = replace(infos[0], model="other", labels=())
    store.save([other])
    assert store.all() == [*infos[:0:-1], other]
