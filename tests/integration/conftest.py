"""Owns what tests on real servers share: connections to a keyspace and to topics of each module's own."""

from collections.abc import Iterator

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import create_topics


@pytest.fixture(scope="module")
def client(cassandra_settings: CassandraSettings) -> Iterator[CassandraClient]:
    """A session on the module's keyspace, which has the newest schema."""
    migrate(cassandra_settings)
    client = CassandraClient(cassandra_settings)
    yield client
    client.close()


@pytest.fixture(scope="module")
def publisher(kafka_settings: KafkaSettings) -> Iterator[KafkaPublisher]:
    """Sends to the module's topics."""
    create_topics(kafka_settings)
    publisher = KafkaPublisher(kafka_settings)
    yield publisher
    publisher.close()
