"""Owns publishing to topic `captures`: the contract, the one on Kafka, and the in-memory twin."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.capture_codec import encode_capture, encode_end
from pipeline.kafka.producers import new_producer
from pipeline.kafka.topics import Topics, wait_for_broker

__all__ = ["Capture", "CapturePublisher", "EndOfCaptures", "InMemoryCapturePublisher", "KafkaCapturePublisher"]

MOST_UNDER_WAY = 64
"""So many pictures are sent and not acknowledged; whoever puts another one waits."""
BATCH_BYTES = 500_000
Acknowledged = Callable[[StoreUnavailable | None], None]


def _unheard(_: StoreUnavailable | None) -> None:
    """For whoever asks `flush` instead."""


class CapturePublisher(Protocol):
    """Publishes pictures of live videos. Safe for threads; holds a bounded number, and raises StoreUnavailable."""

    def put(self, capture: Capture, acknowledged: Acknowledged = _unheard) -> None:
        """Send a picture; waits while too many are under way. Raises RecordInvalid for one that nobody could read.

        `acknowledged` is called once, from another thread: with None when the broker keeps the picture, or with why it
        does not. It may be put again then, under the same `capture_id`.
        """

    def end(self, video_id: UUID) -> None:
        """Say that no more come of this video; returns when that is safe, and all that was put before."""

    def flush(self, seconds: float) -> None:
        """Wait until all that was put is safe; raises StoreUnavailable for what is not."""

    def close(self) -> None:
        """Wait a little for what is under way, and give back connections."""


class KafkaCapturePublisher:
    """CapturePublisher on Kafka. All pictures of a video are in the partition of its key, in their order."""

    def __init__(self, settings: KafkaSettings, client_id: str = "framewise-captures", patience: float = 30.0) -> None:
        """Connect; raises StoreUnavailable after `patience` seconds without a broker, or without the topic.

        A picture that the broker has not taken after so many seconds is told as not acknowledged.
        """
        self._topic = Topics.of(settings).captures
        self._patience = patience
        self._room = threading.BoundedSemaphore(MOST_UNDER_WAY)
        self._changed = threading.Condition()
        self._under_way = 0
        self._failure: StoreUnavailable | None = None
        wait_for_broker(settings, patience)
        self._producer = _producer(settings, client_id, int(patience * 1000))
        self._check_topic()

    def _check_topic(self) -> None:
        try:
            self._producer.partitions_for(self._topic)
        except KafkaError as e:
            self.close()
            raise StoreUnavailable(f"topic {self._topic!r} is not there ({e}); start the stack, which makes it") from e

    def put(self, capture: Capture, acknowledged: Acknowledged = _unheard) -> None:
        value, headers = encode_capture(capture)
        if not self._room.acquire(timeout=self._patience):
            raise StoreUnavailable(f"Kafka has not taken {MOST_UNDER_WAY} pictures for {self._patience:g} s")
        with self._changed:
            self._under_way += 1

        def settle(error: Exception | None) -> None:
            failure = None if error is None else StoreUnavailable(f"Kafka did not take a picture: {error}")
            self._settle(failure)
            acknowledged(failure)

        try:
            sent = self._send(capture.video_id, value, headers)
        except StoreUnavailable:
            self._settle(None)
            raise
        sent.add_callback(lambda _: settle(None))
        sent.add_errback(settle)

    def _settle(self, failure: StoreUnavailable | None) -> None:
        self._room.release()
        with self._changed:
            self._under_way -= 1
            self._failure = self._failure or failure
            self._changed.notify_all()

    def _send(self, video_id: UUID, value: bytes | None, headers: Any) -> Any:
        try:
            return self._producer.send(self._topic, value, key=video_id.bytes, headers=headers)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take a record for {self._topic!r}: {e}") from e

    def end(self, video_id: UUID) -> None:
        self.flush(self._patience)
        try:
            self._send(video_id, None, encode_end(video_id)).get(timeout=self._patience)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take the end of video {video_id}: {e}") from e

    def flush(self, seconds: float) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: self._under_way == 0, seconds)
            failure, self._failure = self._failure, None
        if not done:
            raise StoreUnavailable(f"Kafka did not acknowledge within {seconds:g} s")
        if failure is not None:
            raise failure

    def close(self) -> None:
        self._producer.close(timeout=10)


def _producer(settings: KafkaSettings, client_id: str, patience_ms: int) -> KafkaProducer:
    return new_producer(
        settings,
        client_id,
        patience_ms,
        linger_ms=0,
        batch_size=BATCH_BYTES,
        max_request_size=2**20 + 2**16,
        request_timeout_ms=min(30_000, patience_ms),
        delivery_timeout_ms=max(1000, patience_ms),
    )


@dataclass
class InMemoryCapturePublisher:
    """The twin for tests and trials: keeps what was put, acknowledges at once."""

    captures: list[Capture] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)

    def put(self, capture: Capture, acknowledged: Acknowledged = _unheard) -> None:
        encode_capture(capture)
        self.captures.append(capture)
        acknowledged(None)

    def end(self, video_id: UUID) -> None:
        self.ended.append(video_id)

    def flush(self, seconds: float) -> None:
        return None

    def close(self) -> None:
        return None
