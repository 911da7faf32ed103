"""Owns sending to the topic that older consumers read."""

from queue import SimpleQueue

from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.producers import new_producer
from pipeline.kafka.topics import wait_for_broker

PATIENCE_MS = 30_000


class KafkaResultTopic:
    """ResultTopic on Kafka: a camera's messages are in the partition of its name."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        """Connect; raises StoreUnavailable when no broker answers."""
        self._topic = topic
        self._failures: SimpleQueue[Exception] = SimpleQueue()
        wait_for_broker(settings)
        self._producer = new_producer(
            settings,
            "framewise-camera-results",
            PATIENCE_MS,
            max_in_flight_requests_per_connection=1,  # so that a repeated request overtakes no other
            linger_ms=0,
            max_request_size=2**20,
            delivery_timeout_ms=PATIENCE_MS,
            request_timeout_ms=PATIENCE_MS,
        )

    def send(self, camera_id: str, message: bytes) -> None:
        """See ResultTopic."""
        try:
            sent = self._producer.send(self._topic, message, key=camera_id.encode())
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka does not take a record for {self._topic!r}: {e}") from e
        sent.add_errback(self._failures.put)

    def flush(self, seconds: float) -> None:
        """See ResultTopic."""
        try:
            self._producer.flush(timeout=seconds)
        except KafkaError as e:
            raise StoreUnavailable(f"Kafka did not acknowledge within {seconds:g} s: {e}") from e
        failures = [self._failures.get() for _ in range(self._failures.qsize())]
        if failures:
            raise StoreUnavailable(f"Kafka did not take {len(failures)} results; the first: {failures[0]}")

    def close(self) -> None:
        """Give back connections."""
        self._producer.close(timeout=10)
