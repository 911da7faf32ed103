"""Owns reading a video's pictures from Kafka, in no consumer group: where a video stands is kept with its progress."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from ingest.live.captured.log import AT_ONCE, LogRecord
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, wait_for_broker

FETCH_BYTES = 4 * 2**20
SILENT_SECONDS = 5.0
"""So long nothing has come when it is asked whether the broker is there at all."""
TIMEOUT_MS = 10_000


class KafkaCaptureLog:
    """CaptureLog on Kafka."""

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
