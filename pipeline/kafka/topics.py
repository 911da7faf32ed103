"""Owns the topics: their names, their settings, and how they are made."""

import logging
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
MAX_RECORD_BYTES = 1_000_000
DEFAULT_PORT = 9092
CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Topics:
    """The names, with the prefix of the settings."""

    videos: str
    frames: str
    frames_live: str
    results: str
    dead_letters: str
    captures: str

    @classmethod
    def of(cls, settings: KafkaSettings) -> "Topics":
        """The topics of one installation."""
        prefix = settings.topic_prefix
        names = ("videos", "frames", "frames-live", "results", "dead-letters", "captures")
        return cls(*(f"{prefix}{name}" for name in names))


def live_group(settings: KafkaSettings) -> str:
    """The consumer group by which the analysis says up to where live frames are kept."""
    return f"{settings.topic_prefix}analysis-live"


def wait_for_broker(settings: KafkaSettings, patience: float = 30.0) -> None:
    """Return once a broker takes connections; raises StoreUnavailable when none does for `patience` seconds.

    Ask before making a client: those of kafka-python leave threads and sockets behind when nobody answers them.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _connect(settings.kafka_bootstrap)
        except OSError as e:
            if time.monotonic() >= deadline:
                raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not answer: {e}") from e
        time.sleep(PAUSE_SECONDS)


def _connect(bootstrap: str) -> None:
    """Connect to one of the brokers, and hang up."""
    failure = OSError("no broker is named")
    for address in bootstrap.split(","):
        place = urlsplit(f"//{address.strip()}")
        try:
            return socket.create_connection((place.hostname, place.port or DEFAULT_PORT), CONNECT_SECONDS).close()
        except OSError as e:
            failure = e
    raise failure


def create_topics(settings: KafkaSettings, patience: float = 30.0) -> None:
    """Make the topics that are not there; those that are stay as they are, but for more partitions of frames.

    When this returns, the brokers know them. Raises StoreUnavailable, after `patience` seconds where no broker answers
    or the topics do not appear.
    """
    wait_for_broker(settings, patience)
    try:
        with KafkaAdminClient(
            bootstrap_servers=settings.kafka_bootstrap,
            request_timeout_ms=15_000,
            bootstrap_timeout_ms=int(patience * 1000),
        ) as admin:
            wanted = {topic.name: topic for topic in _wanted(settings)}
            for name in wanted.keys() - set(admin.list_topics()):
                _create(admin, wanted[name])
            _wait_for(admin, set(wanted), patience)
            for name in (Topics.of(settings).frames, Topics.of(settings).frames_live):
                _grow(admin, wanted[name])
    except KafkaError as e:
        raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not make the topics: {e}") from e


def _create(admin: KafkaAdminClient, topic: NewTopic) -> None:
    try:
        admin.create_topics([topic], timeout_ms=15000)
        logging.getLogger(__name__).info("made topic %s", topic.name)
    except TopicAlreadyExistsError:
        pass


def _grow(admin: KafkaAdminClient, topic: NewTopic) -> None:
    """A topic of an earlier start has as many partitions as it was made with. Kafka adds some, and takes none away."""
    (found,) = admin.describe_topics([topic.name])
    if len(found["partitions"]) < topic.num_partitions:
        admin.create_partitions({topic.name: topic.num_partitions})


def _wait_for(admin: KafkaAdminClient, names: set[str], patience: float) -> None:
    """The controller answers before the brokers have heard of a topic."""
    deadline = time.monotonic() + patience
    while missing := names - set(admin.list_topics()):
        if time.monotonic() >= deadline:
            raise StoreUnavailable(f"topics were made but do not appear: {', '.join(sorted(missing))}")
        time.sleep(PAUSE_SECONDS)


def _wanted(settings: KafkaSettings) -> list[NewTopic]:
    names = Topics.of(settings)

    def topic(name: str, partitions: int, **config: int | str) -> NewTopic:
        config["min_insync_replicas"] = settings.in_sync_replicas
        options = {key.replace("_", "."): str(value) for key, value in config.items()}
        return NewTopic(name, partitions, settings.replication_factor, topic_configs=options)

    def pictures(name: str, partitions: int, kept_bytes: int, segment: int, **config: int | str) -> NewTopic:
        """A topic that keeps so many bytes in all; small segments follow that closely."""
        share = kept_bytes // partitions
        segment = min(segment, max(2**20, share // 4))
        return topic(name, partitions, retention_bytes=share, segment_bytes=segment, **config)

    return [
        topic(names.videos, 1, retention_ms=24 * HOUR_MS),
        pictures(
            names.frames,
            settings.frames_partitions,
            settings.frames_retention_bytes,
            2**27,
            retention_ms=settings.frames_retention_hours * HOUR_MS,
        ),
        pictures(
            names.frames_live,
            settings.live_partitions,
            settings.live_retention_bytes,
            2**26,
            retention_ms=settings.live_retention_minutes * MINUTE_MS,
        ),
        topic(names.results, settings.frames_partitions, retention_ms=24 * HOUR_MS, segment_bytes=2**26),
        topic(names.dead_letters, 1, retention_ms=14 * 24 * HOUR_MS),
        pictures(
            names.captures,
            settings.captures_partitions,
            settings.captures_retention_bytes,
            2**26,
            retention_ms=settings.captures_retention_minutes * MINUTE_MS,
            message_timestamp_type="LogAppendTime",  # other machines' clocks may be wrong
        ),
    ]
