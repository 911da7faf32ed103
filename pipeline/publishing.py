"""Owns sending to the topics: the contract of a publisher, the one on Kafka, and the in-memory twin."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol
from uuid import UUID

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.codecs import encode_frame, encode_outcome
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.settings import KafkaSettings
from pipeline.topics import MAX_RECORD_BYTES, Topics

Acknowledged = Callable[[Exception | None], None]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was set aside: what it was, where it stood, and why. Headers are UTF-8 text."""

    value: bytes | None
    topic: str
    partition: int
    offset: int
    reason: str
    headers: tuple[tuple[str, bytes], ...] = ()


class Publisher(Protocol):
    """Sends to the topics. Raises StoreUnavailable when the broker does not answer; `flush` waits for all."""

    def wake(self, video_id: UUID) -> None:
        """Tell ingest that a video waits; a hint only, so a failure may be ignored."""

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        """Send a frame; `acknowledged` is called from another thread with None once it is safe, or the error.

        Frames of one video are spread over all partitions.
        """

    def outcomes(self, frames: Iterable[AnalyzedFrame]) -> None:
        """Send events to `results`."""

    def dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Set records aside."""

    def flush(self, seconds: float) -> None:
        """Wait until everything sent is safe."""

    def close(self) -> None:
        """Flush and give back connections."""


class KafkaPublisher:
    """Publisher on Kafka. The producer's memory is bounded by what callers leave unacknowledged."""

    def __init__(self, settings: KafkaSettings, client_id: str = "framewise") -> None:
        self._topics = Topics.of(settings)
        self._sent = count()
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=settings.kafka_bootstrap,
                client_id=client_id,
                acks="all",
                linger_ms=5,
                batch_size=MAX_RECORD_BYTES // 2,
                max_request_size=MAX_RECORD_BYTES + 100_000,
                delivery_timeout_ms=120_000,
                max_block_ms=30_000,
                allow_auto_create_topics=False,
            )
            self._partitions = sorted(self._producer.partitions_for(self._topics.frames) or ())
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not answer: {e}") from e
        if not self._partitions:
            raise StoreUnavailable(f"topic {self._topics.frames!r} is not there; start the stack, which makes it")

    def wake(self, video_id: UUID) -> None:
        """Tell ingest that a video waits."""
        self._send(self._topics.videos, str(video_id).encode())

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        """Send a frame to the partition whose turn it is."""
        value, headers = encode_frame(frame)
        partition = self._partitions[next(self._sent) % len(self._partitions)]
        sent = self._send(self._topics.frames, value, headers=headers, partition=partition)
        sent.add_callback(lambda _: acknowledged(None))
        sent.add_errback(acknowledged)

    def outcomes(self, frames: Iterable[AnalyzedFrame]) -> None:
        """Send events, those of one video to one partition."""
        for frame in frames:
            self._send(self._topics.results, encode_outcome(frame), key=frame.video_id.bytes)

    def dead_letters(self, letters: Iterable[DeadLetter]) -> None:
        """Set records aside with their place and the reason as headers."""
        for letter in letters:
            place = {
                "dead_letter_topic": letter.topic,
                "dead_letter_partition": str(letter.partition),
                "dead_letter_offset": str(letter.offset),
                "dead_letter_reason": letter.reason[:2000],
            }
            headers = [*letter.headers, *((name, text.encode()) for name, text in place.items())]
            where = f"{letter.topic}/{letter.partition}/{letter.offset}"
            # With the place as its key a record may have no value, as the one that was set aside.
            self._send(self._topics.dead_letters, letter.value, headers=headers, key=where.encode())

    def _send(self, topic: str, value: bytes | None, **options: Any) -> Any:
        try:
            return self._producer.send(topic, value, **options)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take a record for {topic!r}: {e}") from e

    def flush(self, seconds: float) -> None:
        """Wait until everything sent is safe."""
        try:
            self._producer.flush(timeout=seconds)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka did not acknowledge within {seconds:g} s: {e}") from e

    def close(self) -> None:
        """Flush for at most ten seconds and give back connections."""
        self._producer.close(timeout=10)


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
