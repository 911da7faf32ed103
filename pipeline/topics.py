"""Owns the topics: their names, their settings, and how they are made."""

import logging
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings

HOUR_MS = 3_600_000
MAX_RECORD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Topics:
    """The names, with the prefix of the settings."""

    videos: str
    frames: str
    results: str
    dead_letters: str

    @classmethod
    def of(cls, settings: KafkaSettings) -> "Topics":
        """The topics of one installation."""
        prefix = settings.topic_prefix
        return cls(f"{prefix}videos", f"{prefix}frames", f"{prefix}results", f"{prefix}dead-letters")


def create_topics(settings: KafkaSettings) -> None:
    """Make the topics that are not there; those that are stay as they are. Raises StoreUnavailable."""
    try:
        admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=15000)
    except KafkaError as e:
        raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not answer: {e}") from e
    try:
        existing = set(admin.list_topics())
        for topic in _wanted(settings):
            if topic.name not in existing:
                _create(admin, topic)
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, topic: NewTopic) -> None:
    try:
        admin.create_topics([topic], timeout_ms=15000)
        logging.getLogger(__name__).info("made topic %s", topic.name)
    except TopicAlreadyExistsError:
        pass


def _wanted(settings: KafkaSettings) -> list[NewTopic]:
    names = Topics.of(settings)
    hours = settings.frames_retention_hours
    per_partition = settings.frames_retention_bytes // settings.frames_partitions

    def topic(name: str, partitions: int, **config: int) -> NewTopic:
        options = {key.replace("_", "."): str(value) for key, value in config.items()}
        return NewTopic(name, partitions, settings.replication_factor, topic_configs=options)

    return [
        topic(names.videos, 1, retention_ms=24 * HOUR_MS),
        topic(
            names.frames,
            settings.frames_partitions,
            retention_ms=hours * HOUR_MS,
            retention_bytes=per_partition,
            segment_bytes=min(2**27, max(2**20, per_partition // 4)),
        ),
        topic(names.results, settings.frames_partitions, retention_ms=24 * HOUR_MS, segment_bytes=2**26),
        topic(names.dead_letters, 1, retention_ms=14 * 24 * HOUR_MS),
    ]
