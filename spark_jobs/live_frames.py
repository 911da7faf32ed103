"""Owns reading live frames: a share of topic `frames-live`, a frame at a time, and up to where all is kept."""

import time
from collections import defaultdict, deque
from typing import Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.codecs import FRAME_HEADERS
from pipeline.kafka.topics import MAX_RECORD_BYTES, Topics, live_group, wait_for_broker
from spark_jobs.records import Row

FETCH_BYTES = 4 * MAX_RECORD_BYTES
REACH_SECONDS = 120.0
METADATA_MS = 10_000
LOOK_SECONDS = 5.0
"""So often it is looked whether the topic has more partitions."""
AHEAD = 64
"""Records that are looked at to find the oldest; a fetch bounds their bytes."""


class LiveFrames(Protocol):
    """Records about in the order in which they came, those of a partition exactly. For one thread; StoreUnavailable."""

    def next(self, seconds: float) -> Row | None:
        """The next record, None when none comes within `seconds`."""
        ...

    def kept(self, record: Row) -> None:
        """Everything up to this record is kept; who reads this share again begins behind it."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class KafkaLiveFrames:
    """LiveFrames of every `shares`-th partition, the `share`-th (from 0) first, the oldest record of all of them.

    Partitions are assigned by number, not dealt out by the broker: after the end of a worker nobody waits until it is
    missed. Should two read the same for a moment, the second outcome changes nothing.
    """

    def __init__(self, settings: KafkaSettings, share: int, shares: int) -> None:
        self._ahead: defaultdict[TopicPartition, deque[ConsumerRecord]] = defaultdict(deque)
        self._topic, self._share, self._shares = Topics.of(settings).frames_live, share, shares
        wait_for_broker(settings, REACH_SECONDS)
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=settings.kafka_bootstrap,
                group_id=live_group(settings),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_bytes=FETCH_BYTES,
                allow_auto_create_topics=False,
                metadata_max_age_ms=METADATA_MS,
            )
            self._take_partitions()
        except KafkaError as e:
            raise StoreUnavailable(f"topic {self._topic!r} cannot be read: {e}") from e

    def _take_partitions(self) -> None:
        """Its share of those that the topic has by now; where it has read up to stays as it is."""
        self._looked = time.monotonic()
        known = self._consumer.partitions_for_topic(self._topic) or set()
        mine = [TopicPartition(self._topic, p) for p in sorted(known) if p % self._shares == self._share]
        if set(mine) != self._consumer.assignment():
            self._consumer.assign(mine)

    def next(self, seconds: float) -> Row | None:
        """The next record; an outage of the broker is one in which none comes."""
        there = sum(map(len, self._ahead.values()))
        if there < AHEAD:
            self._fetch(0.0 if there else seconds)
        waiting = [records for records in self._ahead.values() if records]
        if not waiting:
            return None
        return _row(min(waiting, key=lambda records: records[0].timestamp).popleft())

    def _fetch(self, seconds: float) -> None:
        try:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._take_partitions()
            batches = self._consumer.poll(timeout_ms=int(seconds * 1000), max_records=AHEAD)
        except KafkaError as e:
            raise StoreUnavailable(f"live frames cannot be read: {e}") from e
        for place, records in batches.items():
            self._ahead[place].extend(records)

    def kept(self, record: Row) -> None:
        """Tell the broker, without waiting: what it does not hear is read again."""
        place = TopicPartition(record["topic"], record["partition"])
        self._consumer.commit_async({place: OffsetAndMetadata(record["offset"] + 1, "", -1)})

    def close(self) -> None:
        """Hang up."""
        self._consumer.close()


def _row(record: ConsumerRecord) -> Row:
    """The record as Spark's source gives it: of a header that is there several times, the first."""
    headers = dict(reversed(record.headers))
    row: Row = {name: getattr(record, name) for name in ("value", "topic", "partition", "offset")}
    return row | {name: headers.get(name) for name in FRAME_HEADERS}
