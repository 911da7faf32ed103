"""Owns reading a topic in a consumer group: records in their order, committed only when they were handled."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

import framewise
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import HOUR_MS, wait_for_broker

POLL_MS = 200
AT_ONCE, MOST_TOGETHER = 50, 500
FETCH_BYTES = 8 * 2**20
SESSION_MS = 6_000
"""So soon another process takes over from one that was killed; brokers allow no less by default."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
RETENTION_BYTES = 2**30

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stood."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = ()


Handle = Callable[[Sequence[Record]], None]
"""Handles records of one partition; when it returns they are done with, and when it raises they come again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which topic is read, in which group, and from where on at the group's very first start.

    Records of so many seconds are handled together.
    """

    topic: str
    group: str
    begin: Literal["earliest", "latest"]
    gather_seconds: float = 0.0


class GroupReader:
    """A thread that reads. While servers are away nothing is committed, and it begins anew with growing pauses."""

    def __init__(self, settings: KafkaSettings, reading: Reading, handle: Handle) -> None:
        self._settings = settings
        self._reading = reading
        self._handle = handle
        self._stop = threading.Event()
        self._pause = FIRST_PAUSE
        self.assigned = threading.Event()
        self.thread = threading.Thread(target=self._run, name=reading.topic, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self, seconds: float) -> None:
        """End after the records in hand, waiting at most `seconds`."""
        self._stop.set()
        self.thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                wait_for_broker(self._settings, 0)
                self._read()
            except (KafkaError, FramewiseError, framewise.FramewiseError) as e:
                log.warning("%s: %s; trying again in %.1f s", self._reading.topic, e, self._pause)
                self._stop.wait(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _read(self) -> None:
        consumer = self._consumer()
        try:
            consumer.subscribe([self._reading.topic])
            while not self._stop.is_set():
                for place, batch in self._gathered(consumer).items():
                    self._take(consumer, place, batch)
                if consumer.assignment():
                    self.assigned.set()
        finally:
            self.assigned.clear()
            consumer.close(autocommit=False)

    def _gathered(self, consumer: KafkaConsumer) -> dict[TopicPartition, list[Any]]:
        """The records that come within the time, and not too many; none where none comes at first."""
        found: dict[TopicPartition, list[Any]] = consumer.poll(timeout_ms=POLL_MS)
        until = time.monotonic() + self._reading.gather_seconds
        while found and sum(map(len, found.values())) < MOST_TOGETHER and (left := until - time.monotonic()) > 0:
            for place, batch in consumer.poll(timeout_ms=int(1000 * left)).items():
                found.setdefault(place, []).extend(batch)
        return found

    def _take(self, consumer: KafkaConsumer, place: TopicPartition, batch: list[Any]) -> None:
        self._handle([_record(place, raw) for raw in batch])
        consumer.commit({place: OffsetAndMetadata(batch[-1].offset + 1, "", -1)})
        self._pause = FIRST_PAUSE

    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=self._reading.group,
            auto_offset_reset=self._reading.begin,
            enable_auto_commit=False,
            max_poll_records=AT_ONCE,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 3,
            fetch_max_bytes=FETCH_BYTES,
        )


def _record(place: TopicPartition, raw: Any) -> Record:
    headers = tuple((name, value or b"") for name, value in raw.headers)
    return Record(place.topic, place.partition, raw.offset, raw.key, raw.value, headers)


def ensure_topic(settings: KafkaSettings, name: str) -> None:
    """Make a topic of an earlier system where it is not there: one partition, an hour or 1 GiB.

    Raises StoreUnavailable or KafkaError while the broker is away.
    """
    wait_for_broker(settings)
    config = {"retention.ms": str(HOUR_MS), "retention.bytes": str(RETENTION_BYTES), "segment.bytes": str(2**26)}
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap) as admin:
        if name in admin.list_topics():
            return
        try:
            admin.create_topics([NewTopic(name, 1, settings.replication_factor, topic_configs=config)])
        except TopicAlreadyExistsError:
            return
        until = time.monotonic() + 10
        while name not in admin.list_topics() and time.monotonic() < until:
            time.sleep(0.1)
