"""Owns sending to the topics: the contract of a publisher, the one on Kafka, and the in-memory twin."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol
from uuid import UUID

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.codecs import Headers, encode_frame, encode_outcome
from pipeline.kafka.dealing import Dealer
from pipeline.kafka.producers import new_producer
from pipeline.kafka.topics import MAX_RECORD_BYTES, Topics, wait_for_broker

log = logging.getLogger(__name__)
Acknowledged = Callable[[Exception | None], None]

LOOK_SECONDS = 5.0
"""So often it is looked whether a topic has more partitions."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was set aside: what it was, where it stood, and why. Headers are UTF-8 text.

    `left_out` says why the value is not kept although the record had one; it cannot be sent again then.
    """

    value: bytes | None
    topic: str
    partition: int
    offset: int
    reason: str
    headers: tuple[tuple[str, bytes], ...] = ()
    left_out: str | None = None


class Publisher(Protocol):
    """Sends to the topics. Raises StoreUnavailable when the broker does not answer; `flush` waits for all."""

    def wake(self, video_id: UUID) -> None:
        """Tell ingest that a video waits; a hint only, so a failure may be ignored."""

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        """Send a frame; `acknowledged` is called from another thread with None once it is safe, or the error.

        Frames of one video are spread over all partitions. Live ones have a topic of their own.
        """

    def outcomes(self, frames: Iterable[AnalyzedFrame]) -> None:
        """Send events to `results`."""

    def dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Set records aside."""

    def flush(self, seconds: float) -> None:
        """Wait until everything sent is safe; raises StoreUnavailable for events and dead letters that are not."""

    def close(self) -> None:
        """Flush and give back connections."""


class KafkaPublisher:
    """Publisher on Kafka. The producer's memory is bounded by what callers leave unacknowledged."""

    def __init__(
        self, settings: KafkaSettings, client_id: str = "framewise", patience: float = 30.0, linger_ms: int = 5
    ) -> None:
        """Connect; raises StoreUnavailable after `patience` seconds without a broker, or without the topics.

        A record waits up to `linger_ms` for others to go with it: fewer requests, later records. Live frames never do.
        """
        self._topics = Topics.of(settings)
        self._dealer, self._live_dealer = Dealer(), Dealer(run=1)
        self._failures: SimpleQueue[Exception] = SimpleQueue()
        self._new_producer = partial(_producer, settings, client_id, int(patience * 1000))
        wait_for_broker(settings, patience)
        self._producer = self._new_producer(linger_ms)
        self._prompt = self._producer if linger_ms == 0 else None
        self._making = threading.Lock()
        self._looked: dict[str, float] = {}
        self._partitions: dict[str, list[int]] = {}
        try:
            for topic in (self._topics.frames, self._topics.frames_live):
                self._partitions[topic] = self._partitions_of(topic, self._producer)
        except StoreUnavailable:
            self.close()
            raise

    @staticmethod
    def _partitions_of(topic: str, producer: KafkaProducer) -> list[int]:
        try:
            return sorted(producer.partitions_for(topic))
        except KafkaError as e:
            raise StoreUnavailable(f"topic {topic!r} is not there ({e}); start the stack, which makes it") from e

    def _partitions_now(self, topic: str, producer: KafkaProducer) -> list[int]:
        """Those that the producer knows of by now, since some may have been added while it runs."""
        if time.monotonic() - self._looked.get(topic, 0.0) >= LOOK_SECONDS:
            self._looked[topic] = time.monotonic()
            self._partitions[topic] = self._partitions_of(topic, producer)
        return self._partitions[topic]

    def wake(self, video_id: UUID) -> None:
        """Tell ingest that a video waits."""
        self._send(self._topics.videos, str(video_id).encode())

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        """Send a frame to the partition whose turn it is (`dealing.py`)."""
        value, headers = encode_frame(frame)
        topic = self._topics.frames_live if frame.live else self._topics.frames
        producer = self._prompt_producer() if frame.live else self._producer
        partitions = self._partitions_now(topic, producer)
        dealer = self._live_dealer if frame.live else self._dealer
        partition = dealer.deal(frame.video_id, partitions)
        sent = self._send(topic, value, producer, headers=headers, partition=partition)
        sent.add_callback(lambda _: acknowledged(None))
        sent.add_errback(acknowledged)

    def outcomes(self, frames: Iterable[AnalyzedFrame]) -> None:
        """Send events, those of one video to one partition; what is too large is in the result store alone."""
        for frame in frames:
            event = encode_outcome(frame)
            if len(event) > MAX_RECORD_BYTES:
                log.warning(
                    "video %s: no event for frame %d, it has %d bytes", frame.video_id, frame.frame_number, len(event)
                )
                continue
            sent = self._send(self._topics.results, event, key=frame.video_id.bytes)
            sent.add_errback(self._failures.put)

    def dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Set records aside with their place and the reason as headers.

        What does not fit into a record is left out, and its size said.
        """
        for letter in letters:
            value, headers = _fitting(letter)
            # With the place as its key a record may have no value, as the one that was set aside.
            where = f"{letter.topic}/{letter.partition}/{letter.offset}"
            sent = self._send(self._topics.dead_letters, value, headers=headers, key=where.encode())
            sent.add_errback(self._failures.put)

    def _prompt_producer(self) -> KafkaProducer:
        """One whose records wait for no others; made for the first live frame."""
        with self._making:
            self._prompt = self._prompt or self._new_producer(0)
            return self._prompt

    def _send(self, topic: str, value: bytes | None, producer: KafkaProducer | None = None, **options: Any) -> Any:
        try:
            return (producer or self._producer).send(topic, value, **options)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take a record for {topic!r}: {e}") from e

    def flush(self, seconds: float) -> None:
        """Wait until everything sent is safe."""
        try:
            for producer in self._producers():
                producer.flush(timeout=seconds)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka did not acknowledge within {seconds:g} s: {e}") from e
        failures = [self._failures.get() for _ in range(self._failures.qsize())]
        if failures:
            raise StoreUnavailable(f"Kafka did not take {len(failures)} records; the first: {failures[0]}")

    def close(self) -> None:
        """Flush for at most ten seconds and give back connections."""
        for producer in self._producers():
            producer.close(timeout=10)

    def _producers(self) -> set[KafkaProducer]:
        return {self._producer, self._prompt or self._producer}


def _producer(settings: KafkaSettings, client_id: str, patience_ms: int, linger_ms: int) -> KafkaProducer:
    return new_producer(
        settings,
        client_id,
        patience_ms,
        linger_ms=linger_ms,
        batch_size=MAX_RECORD_BYTES // 2,
        max_request_size=2**20,
        delivery_timeout_ms=120_000,
    )


def _fitting(letter: DeadLetter) -> tuple[bytes | None, Headers]:
    place = {
        "dead_letter_topic": letter.topic,
        "dead_letter_partition": str(letter.partition),
        "dead_letter_offset": str(letter.offset),
        "dead_letter_reason": letter.reason[:2000],
    }
    if letter.left_out:
        place["dead_letter_left_out"] = letter.left_out
    size = len(letter.value or b"") + sum(len(name) + len(content) for name, content in letter.headers)
    fits = size <= MAX_RECORD_BYTES
    if not fits:
        place["dead_letter_left_out"] = f"{size} bytes"
    own = [(name, text.encode()) for name, text in place.items()]
    return (letter.value, [*letter.headers, *own]) if fits else (None, own)


@dataclass
class InMemoryPublisher:
    """The twin for tests and trials: keeps what was sent, acknowledges at once."""

    woken: list[UUID] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    results: list[AnalyzedFrame] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def wake(self, video_id: UUID) -> None:
        self.woken.append(video_id)

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        self.frames.append(frame)
        acknowledged(None)

    def outcomes(self, frames: Iterable[AnalyzedFrame]) -> None:
        self.results.extend(frames)

    def dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        self.letters.extend(letters)

    def flush(self, seconds: float) -> None:
        return None

    def close(self) -> None:
        return None
