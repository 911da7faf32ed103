"""Three brokers and three Cassandra nodes, of which one is killed while it is written to: nothing is lost."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from uuid import UUID, uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.completion import complete_if_full
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from pipeline.patience import patiently
from stack import jars
from stack.settings import StackSettings
from tests.cluster import cassandra, kafka
from tests.cluster.hosts import Network, network
from tests.unit.factories import a_frame, a_video, analyzed, jpeg
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    # Cassandra's driver leaves the socket of a connection that is refused, as by a node that starts, to the collector.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
]

RECORDS = 1500
FRAMES, AT_ONCE = 1200, 20
PATIENCE = 120.0
BROKER = "kafka.Kafka"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Six hosts; what runs on them ends with the module."""
    jars.ensure(StackSettings(), ("kafka", "cassandra"))
    with network(["k1", "k2", "k3", "c1", "c2", "c3"], tmp_path_factory.mktemp("hosts")) as made:
        yield made


def chosen(hosts: Network, kind: str) -> list[str]:
    return [name for name in hosts.hosts if name[0] == kind and name[1:].isdigit()]


@pytest.fixture
def brokers(hosts: Network) -> Iterator[KafkaSettings]:
    """Three brokers, three copies of each record; they end before the nodes begin, which need the processors."""
    places = [hosts.hosts[name] for name in chosen(hosts, "k")]
    kafka.start(hosts, places, os.environ)
    settings = KafkaSettings(kafka_bootstrap=kafka.bootstrap(places), replication_factor=3, topic_prefix="")
    wait_until(lambda: kafka.living(settings) == 3, 120)
    patiently(partial(create_topics, settings), PATIENCE)
    yield settings
    for place in places:
        with suppress(LookupError):
            kill(hosts, place.name, BROKER)


@pytest.fixture
def nodes(hosts: Network) -> CassandraSettings:
    """Three nodes, three copies of each row."""
    places = [hosts.hosts[name] for name in chosen(hosts, "c")]
    cassandra.start(hosts, places, os.environ)
    settings = CassandraSettings(
        cassandra_hosts=",".join(place.address for place in places),
        cassandra_port=cassandra.PORT,
        cassandra_replication=3,
        keyspace="framewise",
    )
    wait_until(lambda: cassandra.living(settings) == 3, 240)
    patiently(partial(migrate, settings), PATIENCE)
    return settings


def kill(hosts: Network, place: str, command: str) -> None:
    """End a server without a word."""
    hosts.process(place, command).send_signal(signal.SIGKILL)


def kept(settings: KafkaSettings, video_id: UUID) -> set[int]:
    """The frames of a video that the brokers have."""
    with closing(KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, consumer_timeout_ms=5000)) as consumer:
        topic = Topics.of(settings).frames
        consumer.assign([TopicPartition(topic, number) for number in range(settings.frames_partitions)])
        consumer.seek_to_beginning()
        headers = [dict(record.headers) for record in consumer]
        return {int(one["frame_number"]) for one in headers if one["video_id"] == str(video_id).encode()}


def test_what_was_acknowledged_outlives_a_broker(hosts: Network, brokers: KafkaSettings) -> None:
    publisher, video_id, failures = KafkaPublisher(brokers), uuid4(), list[Exception]()
    picture = jpeg(640, 480)
    for number in range(1, RECORDS + 1):
        if number == RECORDS // 3:
            publisher.flush(PATIENCE)
            kill(hosts, "k1", BROKER)
        publisher.frame(a_frame(video_id, number, picture), lambda error: failures.append(error) if error else None)
    publisher.flush(PATIENCE)
    publisher.close()
    assert not failures
    assert kept(brokers, video_id) == set(range(1, RECORDS + 1))


def test_what_was_written_outlives_a_node(hosts: Network, nodes: CassandraSettings) -> None:
    client = CassandraClient(nodes)
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    video = a_video(status=VideoStatus.PROCESSING)
    videos.create(video)
    for bucket, numbers in ((0, range(1, 1001)), (1, range(1001, FRAMES + 1))):
        videos.save_sampled(video.video_id, bucket, numbers)
    lease = videos.claim(video.video_id, "me", 600)
    assert lease is not None
    times = {video.video_id: video.attempt_timestamp}
    for first in range(1, FRAMES + 1, AT_ONCE):
        if first == FRAMES // 3 + 1:
            kill(hosts, "c1", "CassandraDaemon")
        batch = [analyzed(video.video_id, number) for number in range(first, first + AT_ONCE)]
        patiently(partial(results.save, batch, times), PATIENCE)
    assert patiently(lambda: videos.renew(lease), PATIENCE), "transactions go on with two of three"
    patiently(lambda: videos.set_expected(video.video_id, FRAMES, FRAMES), PATIENCE)
    patiently(lambda: complete_if_full(videos, results, video.video_id), PATIENCE)
    found = patiently(lambda: videos.get(video.video_id), PATIENCE)
    outcomes = set(
        patiently(lambda: results.outcomes(video.video_id, 0) | results.outcomes(video.video_id, 1), PATIENCE)
    )
    client.close()
    assert outcomes == set(range(1, FRAMES + 1))
    assert found is not None
    assert found.status is VideoStatus.COMPLETED
