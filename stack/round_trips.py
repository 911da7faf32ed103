"""Owns the questions of `./run.sh doctor` that running servers answer: there and back, and nothing is left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator

from cassandra.cluster import Session
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from pipeline.cassandra.client import cluster, store_errors
from pipeline.contracts.errors import StackError
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings, PathSettings, S3Settings
from pipeline.kafka.topics import wait_for_broker
from pipeline.stores.frame_store import open_frame_store
from stack import jars
from stack.preflight import find_java
from stack.settings import StackSettings

RECORDS = 200
ANSWER_MS = 15_000
COUNT_SECONDS = 240.0


def unique_name() -> str:
    """A name that nobody else has, for a topic or a keyspace."""
    return f"framewise_doctor_{uuid.uuid4().hex[:12]}"


def frames_there_and_back(paths: PathSettings, s3: S3Settings) -> str:
    """Keep a frame of nobody's video where frames are kept, find it again, delete it. Raises StoreError, StackError."""
    frames, video_id, picture = open_frame_store(paths, s3), uuid.uuid4(), os.urandom(1000)
    try:
        frames.put(video_id, 1, picture)
        if frames.get(video_id, 1) != picture or [found.frame_number for found in frames.stored(video_id, 0)] != [1]:
            raise StackError(f"a frame that was put into {paths.frame_store} did not come back as it was")
    finally:
        frames.delete_video(video_id)
    if frames.buckets(video_id):
        raise StackError(f"a frame in {paths.frame_store} was deleted and is still there")
    return f"a frame put into {paths.frame_store}, read, listed and deleted"


def kafka_there_and_back(kafka: KafkaSettings, topic: str) -> str:
    """Make the topic, send records to it and read them again; the topic stays, for who counts it."""
    wait_for_broker(kafka, ANSWER_MS / 1000)
    with _admin(kafka) as admin:
        admin.create_topics([NewTopic(topic, 1, 1)], timeout_ms=ANSWER_MS)
    sent = [f"record {number}".encode() for number in range(RECORDS)]
    producer = KafkaProducer(
        bootstrap_servers=kafka.kafka_bootstrap,
        acks="all",
        request_timeout_ms=ANSWER_MS // 2,
        delivery_timeout_ms=ANSWER_MS,
    )
    try:
        for future in [producer.send(topic, value=value, partition=0) for value in sent]:
            future.get(ANSWER_MS / 1000)
    finally:
        producer.close(timeout=5)
    if (read := _read(kafka, topic)) != sent:
        raise StackError(f"{RECORDS} records were sent, {len(read)} came back, not all as they were")
    return f"{RECORDS} records sent and read again"


def _read(kafka: KafkaSettings, topic: str) -> list[bytes]:
    """What the topic holds, as far as it comes in time."""
    place = TopicPartition(topic, 0)
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        consumer_timeout_ms=ANSWER_MS,
    )
    try:
        consumer.assign([place])
        return [record.value for _, record in zip(range(RECORDS), consumer, strict=False)]
    finally:
        consumer.close()


def remove_topic(kafka: KafkaSettings, topic: str) -> None:
    """Remove it, if it is there and the broker answers."""
    with contextlib.suppress(KafkaError), _admin(kafka) as admin:
        admin.delete_topics([topic], timeout_ms=ANSWER_MS)


def _admin(kafka: KafkaSettings) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=kafka.kafka_bootstrap, request_timeout_ms=ANSWER_MS, bootstrap_timeout_ms=ANSWER_MS
    )


def cassandra_there_and_back(settings: CassandraSettings) -> str:
    """Write, read and delete a row in a keyspace that is made for it and removed again. Raises StoreError."""
    connected = cluster(settings)
    try:
        with store_errors(), connected.connect() as session, _keyspace(session, settings.keyspace):
            session.execute("CREATE TABLE rows (key text PRIMARY KEY, value blob)")
            session.execute("INSERT INTO rows (key, value) VALUES (%s, %s)", ("one", bytes(range(256))))
            row = session.execute("SELECT value FROM rows WHERE key = %s", ("one",)).one()
            if row is None or bytes(row.value) != bytes(range(256)):
                raise StackError("a row was written, but what was read is not what was written")
            session.execute("DELETE FROM rows WHERE key = %s", ("one",))
            if session.execute("SELECT key FROM rows").one() is not None:
                raise StackError("a row was deleted, but it is still there")
    finally:
        connected.shutdown()
    return "a row written, read and deleted"


@contextlib.contextmanager
def _keyspace(session: Session, name: str) -> Iterator[None]:
    replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    try:
        session.execute(f"CREATE KEYSPACE {name} WITH replication = {replication}")
        session.set_keyspace(name)
        yield
    finally:
        session.execute(f"DROP KEYSPACE IF EXISTS {name}")


def streaming_count(settings: StackSettings, kafka: KafkaSettings, topic: str) -> str:
    """Have Spark count the records of the topic as a stream, in a process of its own. Raises StackError."""
    jars.ensure(settings, ["spark-kafka"])
    environment = os.environ | {
        "FRAMEWISE_SPARK_JARS": jars.spark_jars(settings),
        "JAVA_HOME": str(find_java(settings.java).parent.parent),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with tempfile.TemporaryDirectory(prefix="framewise-doctor-") as folder:
        command = [sys.executable, "-m", "stack.streaming_count", kafka.kafka_bootstrap, topic, folder]
        counted, log = _in_time(command, environment)
    if counted.strip() != str(RECORDS):
        last = "\n".join(log.splitlines()[-15:])
        raise StackError(f"{RECORDS} records were to be counted, Spark counted {counted.strip() or 'none'}\n{last}")
    return f"{RECORDS} records counted by a stream"


def _in_time(command: list[str], environment: dict[str, str]) -> tuple[str, str]:
    """What a command prints, and what it logs; it is ended, children and all, when it takes too long."""
    # Spark's JVM is a child of a child: the whole session is ended.
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=COUNT_SECONDS)
    except subprocess.TimeoutExpired as e:
        raise StackError(f"Spark did not count them within {COUNT_SECONDS:.0f} s") from e
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
