"""Owns what operators do with records that were set aside: read which there are, and send them again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from pipeline.contracts.errors import NotFound, StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.producers import new_producer
from pipeline.kafka.topics import Topics, wait_for_broker

PATIENCE = 10.0
POLL_MS = 1000
SILENT_POLLS = 30
MARK = "dead_letter_"
REPLAYED = "dead_letter_replayed"


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that was set aside. `at` is where it lies among the dead letters, `size` its bytes (None: no value).

    `left_out` says why it is not there whole and so cannot be sent again. `video` and `frame` are what its headers
    say, unchecked.
    """

    name: str
    reason: str
    set_aside_at: datetime
    at: tuple[int, int]
    size: int | None
    left_out: str | None
    video: str
    frame: str
    replayed_at: datetime | None = None


class DeadLetters:
    """The topic `dead-letters`. A record is named by where it stood: `topic/partition/offset`.

    Every call raises StoreUnavailable when Kafka does not answer.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topic = Topics.of(settings).dead_letters

    def newest(self, limit: int) -> list[Letter]:
        """The `limit` records that were set aside last, oldest first; one that was set aside twice is listed once."""
        found: dict[str, Letter] = {}
        for record in self._records():
            headers = _texts(record)
            name = (record.key or b"").decode("utf-8", "replace")
            if REPLAYED in headers:
                if name in found:
                    found[name] = replace(found[name], replayed_at=_time(record))
                continue
            found.pop(name, None)
            found[name] = _letter(name, record, headers)
            if len(found) > limit:
                del found[next(iter(found))]
        return list(found.values())

    def replay(self, letters: Sequence[Letter]) -> int:
        """Send records to their topics again, to be tried anew, and note it; how many. Raises NotFound."""
        for letter in letters:
            if letter.left_out:
                raise NotFound(f"{letter.name} cannot be sent again: it was left out ({letter.left_out})")
        try:
            producer = new_producer(self._settings, "framewise-dead-letters", int(PATIENCE * 1000))
            try:
                for letter in letters:
                    self._send_again(producer, letter)
                producer.flush(timeout=30)
            finally:
                producer.close(timeout=10)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take the records: {e}") from e
        return len(letters)

    def _send_again(self, producer: KafkaProducer, letter: Letter) -> None:
        record = self._record(*letter.at)
        topic = letter.name.rsplit("/", 2)[0]
        headers = [(name, value) for name, value in record.headers if not name.startswith(MARK)]
        producer.send(topic, record.value, key=None if record.value else b"empty", headers=headers).get(timeout=30)
        producer.send(self._topic, None, key=record.key, headers=[(REPLAYED, b"1")])

    def _record(self, partition: int, offset: int) -> Any:
        """One record; raises NotFound once the topic has dropped it."""
        for record in self._records(partition, offset):
            if record.offset == offset:
                return record
            break
        raise NotFound(f"dead letter {partition}@{offset} is not there any more")

    def _records(self, partition: int | None = None, offset: int = 0) -> Iterator[Any]:
        """Every record up to now, or those of a partition from an offset on."""
        wait_for_broker(self._settings, PATIENCE)
        try:
            consumer = KafkaConsumer(
                bootstrap_servers=self._settings.kafka_bootstrap, group_id=None, enable_auto_commit=False
            )
            try:
                yield from self._read(consumer, partition, offset)
            finally:
                consumer.close()
        except KafkaError as e:
            raise StoreUnavailable(f"the dead letters cannot be read: {e}") from e

    def _read(self, consumer: KafkaConsumer, partition: int | None, offset: int) -> Iterator[Any]:
        known = consumer.partitions_for_topic(self._topic) or set()
        places = [TopicPartition(self._topic, p) for p in sorted(known) if partition in (None, p)]
        if not places:
            return
        consumer.assign(places)
        if partition is None:
            consumer.seek_to_beginning(*places)
        else:
            consumer.seek(places[0], offset)
        ends = consumer.end_offsets(places)
        silent = 0
        while any(consumer.position(place) < ends[place] for place in places):
            polled = consumer.poll(timeout_ms=POLL_MS, max_records=100)
            silent = 0 if polled else silent + 1
            if silent > SILENT_POLLS:
                raise StoreUnavailable(f"the dead letters cannot be read: no answer for {SILENT_POLLS} s")
            for records in polled.values():
                yield from records


def _letter(name: str, record: Any, headers: dict[str, str]) -> Letter:
    return Letter(
        name,
        headers.get(f"{MARK}reason", ""),
        _time(record),
        (record.partition, record.offset),
        None if record.value is None else len(record.value),
        headers.get(f"{MARK}left_out"),
        headers.get("video_id", ""),
        headers.get("frame_number", ""),
    )


def _texts(record: Any) -> dict[str, str]:
    return {name: value.decode("utf-8", "replace") if value is not None else "" for name, value in record.headers}


def _time(record: Any) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
