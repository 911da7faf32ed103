"""Owns what tests share: one pair of real servers a run, a name for each module, and what runs beside what."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped]

from pipeline.cassandra.client import cluster
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from stack.settings import StackSettings
from stack.trial import Trial, trial

TOGETHER = ("e2e", "integration", "unit/spark_jobs", "unit/inference")
"""Folders of which the tests share what is dear to start: the stack, servers, a JVM, TensorFlow. The longest first."""


def lane(nodeid: str) -> str:
    """What one process runs in order while others run the rest: one of these folders, or a module."""
    module = nodeid.removeprefix("tests/").partition("::")[0]
    return next((folder for folder in TOGETHER if module.startswith(f"{folder}/")), module)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out lanes, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Have lanes; with three processes one is for the stack, one for servers, and whoever is free takes the others."""
    config.option.loadscopereorder = False
    return Lanes(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where there are lanes, begin with what takes longest."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: [*TOGETHER, lane(item.nodeid)].index(lane(item.nodeid)))


@pytest.fixture(autouse=True)
def _usual_priority() -> Iterator[None]:
    """No test leaves this process before all others: what it starts later would be, too, and nobody else would run."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("this test has left its process another scheduling policy")


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
    client.schema_metadata_enabled = False
    client.connect().execute(f"DROP KEYSPACE IF EXISTS {names}", timeout=120)
    client.shutdown()


@pytest.fixture
def roomy_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is half full, whatever this machine's is."""
    usage = shutil.disk_usage("/")._replace(total=100 << 30, used=50 << 30, free=50 << 30)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
