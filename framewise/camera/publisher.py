"""Owns sending a camera's pictures to the broker, as records of the service's topic."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from framewise.answers import Camera
from framewise.camera.outbox import Picture
from framewise.errors import FramewiseError

MOST_UNDER_WAY = 16
PATIENCE_MS = 5000
Acknowledged = Callable[[Exception | None], None]


class BrokerAway(FramewiseError):
    """The broker does not answer."""


class Publisher(Protocol):
    """Sends pictures of one video. Raises BrokerAway."""

    def put(self, picture: Picture, acknowledged: Acknowledged) -> None:
        """Send a picture; a bounded number is under way. `acknowledged` is called by another thread."""

    def end(self) -> None:
        """Say that no more come; returns when that is safe."""

    def close(self) -> None:
        """Give the connection back; what is under way is told as not acknowledged."""


class KafkaPublisher:
    """Publisher on Kafka, to where the service said when the camera was announced."""

    def __init__(self, camera: Camera) -> None:
        """Connect; raises BrokerAway."""
        self._camera = camera
        self._key = bytes.fromhex(camera.publish.key)
        self._headers = [(name, text.encode()) for name, text in camera.publish.headers.items()]
        self._room = threading.BoundedSemaphore(MOST_UNDER_WAY)
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=camera.publish.bootstrap,
                client_id="framewise-camera",
                acks="all",
                enable_idempotence=False,  # what comes twice is left out by its id
                linger_ms=0,
                max_request_size=2**20,
                request_timeout_ms=PATIENCE_MS,
                delivery_timeout_ms=PATIENCE_MS,
                bootstrap_timeout_ms=PATIENCE_MS,
                max_block_ms=PATIENCE_MS,
                allow_auto_create_topics=False,
            )
        except KafkaError as e:
            raise self._away(e) from e

    def put(self, picture: Picture, acknowledged: Acknowledged) -> None:
        if not self._room.acquire(timeout=PATIENCE_MS / 1000):
            raise self._away(TimeoutError("it takes no pictures"))

        def settle(error: Exception | None) -> None:
            self._room.release()
            acknowledged(error)

        said = {"captured_at": picture.captured_at.isoformat(), "capture_id": picture.capture_id}
        try:
            sent = self._send(picture.jpeg, [(name, text.encode()) for name, text in said.items()])
        except BrokerAway:
            self._room.release()
            raise
        sent.add_callback(lambda _: settle(None))
        sent.add_errback(settle)

    def end(self) -> None:
        try:
            self._producer.flush(timeout=PATIENCE_MS / 1000)
            self._send(None, [("end", b"1")]).get(timeout=PATIENCE_MS / 1000)
        except KafkaError as e:
            raise self._away(e) from e

    def close(self) -> None:
        self._producer.close(timeout=PATIENCE_MS / 1000)

    def _send(self, value: bytes | None, headers: list[tuple[str, bytes]]) -> Any:
        try:
            return self._producer.send(
                self._camera.publish.topic, value, key=self._key, headers=[*self._headers, *headers]
            )
        except KafkaError as e:
            raise self._away(e) from e

    def _away(self, error: Exception) -> BrokerAway:
        return BrokerAway(
            f"the broker at {self._camera.publish.bootstrap} does not answer ({error}); where that is another machine, "
            "FRAMEWISE_KAFKA_HOST and FRAMEWISE_KAFKA_ADVERTISED open it there"
        )
