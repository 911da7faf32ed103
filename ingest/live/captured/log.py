"""Owns reading the part of topic `captures` in which a video's pictures are: the contract, Kafka's and the twin."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, wait_for_broker

AT_ONCE = 50
FETCH_BYTES = 4 * 2**20
SILENT_SECONDS = 5.0
"""So long nothing has come when it is asked whether the broker is there at all."""
TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as it lies there: its place, when the broker took it, and its parts as bytes."""

    topic: str
    partition: int
    offset: int
    taken_at: datetime
    key: bytes | None
    value: bytes | None = field(repr=False)
    headers: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)


class CaptureLog(Protocol):
    """One reader of one partition; not for several threads. Every call raises StoreUnavailable."""

    def open(self) -> None:
        """Connect."""

    def bounds(self) -> tuple[int, int]:
        """The oldest offset that is there still, and the one that comes next."""

    def at(self, moment: datetime) -> int:
        """The offset of the first record that was taken then or later; the next one to come if there is none."""

    def seek(self, offset: int) -> None:
        """Read on from there."""

    def poll(self, seconds: float) -> list[LogRecord]:
        """The next records, a bounded number, of all videos; waits at most so long for the first."""

    def close(self) -> None:
        """Hang up; `open` may follow."""


class KafkaCaptureLog:
    """CaptureLog on Kafka, in no consumer group: where a video stands is kept with its progress."""

    def __init__(self, settings: KafkaSettings, video_id: UUID) -> None:
        self._settings = settings
        self._topic = Topics.of(settings).captures
        self._key = video_id.bytes
        self._consumer: Any = None
        self._place = TopicPartition(self._topic, 0)
        self._heard_at = 0.0

    def open(self) -> None:
        wait_for_broker(self._settings, 0)
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=self._settings.kafka_bootstrap,
                group_id=None,
                enable_auto_commit=False,
                max_poll_records=AT_ONCE,
                fetch_max_bytes=FETCH_BYTES,
                bootstrap_timeout_ms=TIMEOUT_MS,
            )
            known = self._consumer.partitions_for_topic(self._topic)
            if not known:
                raise StoreUnavailable(f"topic {self._topic!r} is not there; start the stack, which makes it")
            self._place = TopicPartition(self._topic, partition_of(self._key, len(known)))
            self._consumer.assign([self._place])
        except KafkaError as e:
            raise self._away(e) from e
        self._heard_at = time.monotonic()

    def bounds(self) -> tuple[int, int]:
        try:
            first = self._consumer.beginning_offsets([self._place])[self._place]
            return first, self._consumer.end_offsets([self._place])[self._place]
        except KafkaError as e:
            raise self._away(e) from e

    def at(self, moment: datetime) -> int:
        try:
            found = self._consumer.offsets_for_times({self._place: int(moment.timestamp() * 1000)})[self._place]
        except KafkaError as e:
            raise self._away(e) from e
        return found.offset if found is not None else self.bounds()[1]

    def seek(self, offset: int) -> None:
        self._consumer.seek(self._place, offset)

    def poll(self, seconds: float) -> list[LogRecord]:
        try:
            batches = self._consumer.poll(timeout_ms=int(seconds * 1000))
        except KafkaError as e:
            raise self._away(e) from e
        now = time.monotonic()
        if batches or now - self._heard_at > SILENT_SECONDS:
            self._heard_at = now
        if not batches and self._heard_at == now:
            wait_for_broker(self._settings, 0)
        return [_record(record) for batch in batches.values() for record in batch]

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _away(self, error: KafkaError) -> StoreUnavailable:
        return StoreUnavailable(f"pictures cannot be read from topic {self._topic!r}: {error}")


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's own clients choose it (the default partitioner: murmur2)."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def _record(record: Any) -> LogRecord:
    taken_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    headers = dict(record.headers)
    return LogRecord(record.topic, record.partition, record.offset, taken_at, record.key, record.value, headers)


@dataclass
class InMemoryCaptureLog:
    """The twin for tests and trials: a list of records, of which the first ones may have expired."""

    records: list[LogRecord] = field(default_factory=list)
    oldest: int = 0
    position: int = 0

    def open(self) -> None:
        return None

    def bounds(self) -> tuple[int, int]:
        return self.oldest, self._next

    @property
    def _next(self) -> int:
        return self.records[-1].offset + 1 if self.records else self.oldest

    def at(self, moment: datetime) -> int:
        return next((r.offset for r in self.records if r.taken_at >= moment and r.offset >= self.oldest), self._next)

    def seek(self, offset: int) -> None:
        self.position = offset

    def poll(self, seconds: float) -> list[LogRecord]:
        found = [r for r in self.records if r.offset >= max(self.position, self.oldest)][:AT_ONCE]
        if found:
            self.position = found[-1].offset + 1
        return found

    def close(self) -> None:
        return None
