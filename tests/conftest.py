"""Owns what tests share: one pair of real servers a run, a name for each module, and what runs beside what."""

import os
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped]

from pipeline.cassandra.client import cluster
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from stack.settings import StackSettings
from stack.trial import Trial, trial

SERVED = ("integration", "e2e")
"""Folders of which the tests share servers: of each, one process runs all in order, while others run the rest."""


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out single tests, but those that share servers as a whole, and first."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.removeprefix("tests/").split("/")[0]
        return folder if folder in SERVED else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Have one lane for the shared servers, one for the stack, and all for what needs neither."""
    return Lanes(config, log)


@pytest.fixture(scope="session")
def servers() -> Iterator[Trial]:
    """Kafka and Cassandra, started when the first test asks and stopped at the end of the run.

    With FRAMEWISE_TEST_SERVERS=running those of the stack that runs already, which saves half a minute.
    """
    if os.environ.get("FRAMEWISE_TEST_SERVERS") == "running":
        yield Trial(StackSettings())
        return
    with pytest.MonkeyPatch.context() as environment:
        # Each module makes a schema of its own: four times as fast when Cassandra's own tables are not flushed at once.
        environment.setenv("JDK_JAVA_OPTIONS", "-Dcassandra.unsafesystem=true")
        with trial("kafka", "cassandra") as running:
            environment.undo()
            yield running


@pytest.fixture(scope="module")
def names(request: pytest.FixtureRequest) -> str:
    """A name that no other test module uses: lower case letters, digits and underscores."""
    module = re.sub(r"\W", "_", request.module.__name__.rpartition(".")[2]).removeprefix("test_")
    return f"t_{module[:24]}_{uuid.uuid4().hex[:8]}".lower()


@pytest.fixture(scope="module")
def kafka_settings(servers: Trial, names: str) -> KafkaSettings:
    """A real broker; the topics of this module have a prefix of their own and are not made yet."""
    return servers.kafka(topic_prefix=f"{names}-")


@pytest.fixture(scope="module")
def cassandra_settings(servers: Trial, names: str) -> Iterator[CassandraSettings]:
    """A real Cassandra; the keyspace of this module is its own, is not made yet, and goes with the module."""
    settings = servers.cassandra(keyspace=names)
    yield settings
    client = cluster(settings)
    client.connect().execute(f"DROP KEYSPACE IF EXISTS {names}", timeout=120)
    client.shutdown()
