"""The same code on a cluster, by settings alone: hosts share no folder, and none is missed when it dies."""

import contextlib
import gc
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from pipeline.cassandra.client import CassandraClient
from pipeline.kafka.topics import Topics
from pipeline.workforce import said
from stack.trial import trial
from tests.cluster import cassandra, kafka, spark
from tests.cluster.trial import SPARE, Cluster, cluster
from tests.e2e.disturbance import Subject
from tests.e2e.films import Analysis, Film, assert_same
from tests.e2e.service import Service
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # Cassandra's driver leaves sockets behind that were refused, by nodes that are killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SETTINGS = {
    "FRAMEWISE_FRAMES_IN_FLIGHT": "60",
    "FRAMEWISE_LEASE_SECONDS": "6",
    "FRAMEWISE_BATCH_FRAMES": "8",
    "FRAMEWISE_TRIGGER_FRAMES": "50",
    "FRAMEWISE_PRELOAD": "false",
}
"""Ingest is busy nearly until the end, rows come steadily, and only the models of the film are loaded."""
MORE_PARTITIONS = 12
BEGUN = 20
"""So many frames are stored when something happens; ten times as many are in the film."""
FILMS = 8


class OnCluster(Subject):
    """The cluster's API and, past it, its ledger."""

    def __init__(self, running: Cluster) -> None:
        self.cluster = running
        self.service = Service(running.api_url)
        self._store = CassandraClient(running.cassandra)


@pytest.fixture(scope="module")
def film(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """What is analysed again and again: two hundred frames."""
    found = Film.of(("objects_detection", "faces_detection"), tmp_path_factory.mktemp("film"))
    return replace(found, fields=found.fields | {"frameStep": "4"})


@pytest.fixture(scope="module")
def single(film: Film) -> Analysis:
    """The film, analysed on one machine, whose stack is gone when the cluster begins."""
    with trial(workers=2) as running:
        subject = Subject(running)
        try:
            return subject.analysis(subject.service.upload(film.path, **film.fields))
        finally:
            subject.close()


@pytest.fixture(scope="module")
def running(single: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers, three nodes, a master and two workers."""
    with cluster(tmp_path_factory.mktemp("cluster"), SETTINGS) as made:
        yield made
    gc.collect()


@pytest.fixture(scope="module")
def subject(running: Cluster) -> Iterator[OnCluster]:
    """The running cluster as it is watched."""
    found = OnCluster(running)
    yield found
    found.close()


@pytest.fixture
def begun(subject: OnCluster, film: Film) -> str:
    """A film of which some frames are stored and most are to come."""
    path = subject.service.upload(film.path, **film.fields)
    wait_until(lambda: subject.stored(path) >= BEGUN, 90, lambda: subject.cluster.said("analysis"))
    assert subject.stored(path) < 6 * BEGUN
    return path


def hosts(analysis: Analysis) -> set[str]:
    """Who did it, each by its host's name."""
    return {row["worker"].rpartition("-")[0] for row in analysis.rows.values()}


def test_a_cluster_makes_what_one_machine_makes(subject: OnCluster, film: Film, single: Analysis) -> None:
    found = subject.analysis(subject.service.upload(film.path, **film.fields))
    assert_same(found, single)
    assert not list(subject.cluster.data_dir.glob("frames/*")), "pictures are in the bucket alone"
    if subject.cluster.network.apart:
        assert hosts(found) == {"w1", "w2"}


def test_every_record_and_row_has_three_copies(subject: OnCluster) -> None:
    topics = Topics.of(subject.cluster.kafka)
    with KafkaAdminClient(bootstrap_servers=subject.cluster.kafka.kafka_bootstrap) as admin:
        for topic in admin.describe_topics([topics.frames, topics.frames_live, topics.results, topics.videos]):
            assert {len(partition["replica_nodes"]) for partition in topic["partitions"]} == {3}
    client = CassandraClient(subject.cluster.cassandra)
    row = client.execute("SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = 'framewise'").one()
    client.close()
    assert row.replication["datacenter1"] == "3"


def test_an_executor_that_is_killed_is_not_missed(subject: OnCluster, begun: str, single: Analysis) -> None:
    worker = subject.cluster.workers["w2"]
    (victim,) = spark.executors(worker)
    victim.send_signal(signal.SIGKILL)
    assert_same(subject.analysis(begun), single)
    wait_until(lambda: spark.executors(worker), 60, lambda: "Spark has not replaced the executor")


def test_a_worker_that_comes_while_videos_run_takes_its_share(
    subject: OnCluster, film: Film, begun: str, single: Analysis
) -> None:
    """Films one after the other, until the newcomer has loaded its models; on a busy machine that takes a while."""
    subject.cluster.add_worker(SPARE, cores=1)
    subject.cluster.ask_for(3)
    found = subject.analysis(begun)
    for _ in range(FILMS):
        assert_same(found, single)
        there = said(subject.cluster.data_dir)
        if there is not None and there.working == 3 and (SPARE in hosts(found) or not subject.cluster.network.apart):
            return
        found = subject.analysis(subject.service.upload(film.path, **film.fields))
    pytest.fail(f"the newcomer has done nothing of {FILMS} films; {there}, {subject.cluster.said('analysis')}")


def test_partitions_that_come_while_a_video_runs_are_used(
    subject: OnCluster, film: Film, begun: str, single: Analysis
) -> None:
    subject.cluster.run("stack.schema", FRAMEWISE_FRAMES_PARTITIONS=str(MORE_PARTITIONS))
    assert_same(subject.analysis(begun), single)
    assert_same(subject.analysis(subject.service.upload(film.path, **film.fields)), single)
    assert all(written > 0 for written in ends(subject.cluster).values())


def test_a_broker_that_is_killed_is_not_missed(subject: OnCluster, begun: str, single: Analysis) -> None:
    subject.cluster.process("k1", "kafka.Kafka").send_signal(signal.SIGKILL)
    assert_same(subject.analysis(begun), single)
    kafka.start_one(subject.cluster.network, subject.cluster.host("k1"), os.environ)
    wait_until(lambda: kafka.living(subject.cluster.kafka) == 3, 90)


def test_a_node_that_is_killed_is_not_missed(subject: OnCluster, begun: str, single: Analysis) -> None:
    subject.cluster.process("c1", "CassandraDaemon").send_signal(signal.SIGKILL)
    assert_same(subject.analysis(begun), single)
    cassandra.start_one(subject.cluster.network, subject.cluster.host("c1"), os.environ)
    wait_until(lambda: cassandra.living(subject.cluster.cassandra) == 3, 120)


def ends(running: Cluster) -> dict[int, int]:
    """How many records each partition of frames has ever had."""
    topic = Topics.of(running.kafka).frames
    with contextlib.closing(KafkaConsumer(bootstrap_servers=running.kafka.kafka_bootstrap)) as consumer:
        places = [TopicPartition(topic, number) for number in range(MORE_PARTITIONS)]
        return {place.partition: offset for place, offset in consumer.end_offsets(places).items()}
