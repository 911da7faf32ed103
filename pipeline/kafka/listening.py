"""Owns listening to a topic for news: from its end, in no consumer group, through any outage of the broker."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import wait_for_broker

POLL_MS = 500
AT_ONCE = 500
FETCH_BYTES = 4 * 2**20

Records = Sequence[tuple[bytes | None, bytes | None]]
"""Keys and values."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outage:
    """What is said while the broker is away, and the first and the longest pause between tries, in seconds."""

    meaning: str
    first_pause: float
    longest_pause: float


class TopicListener:
    """A thread that calls `hear` with new records.

    Nothing is left to commit and every process hears every record; what is missed while the broker is away must be
    found in another way. `listening` is set once the first record to come will be heard.
    """

    def __init__(
        self, settings: KafkaSettings, topic: str, hear: Callable[[Records], None], name: str, outage: Outage
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._hear = hear
        self._outage = outage
        self._stop = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = self._outage.first_pause
        while not self._stop.is_set():
            try:
                wait_for_broker(self._settings, 0)
                pause = self._outage.first_pause
                self._listen()
            except (KafkaError, StoreUnavailable) as e:
                log.warning("%s: %s", self._outage.meaning, e)
            except Exception:
                log.exception("%s", self._outage.meaning)
            else:
                continue
            self._stop.wait(pause)
            pause = min(2 * pause, self._outage.longest_pause)

    def _listen(self) -> None:
        consumer = KafkaConsumer(
            self._topic,
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=None,
            auto_offset_reset="latest",
            enable_auto_commit=False,
            max_poll_records=AT_ONCE,
            fetch_max_bytes=FETCH_BYTES,
        )
        try:
            while not self._stop.is_set():
                if batches := consumer.poll(timeout_ms=POLL_MS):
                    self._hear([(record.key, record.value) for batch in batches.values() for record in batch])
                if not self.listening.is_set():
                    self._note(consumer)
        finally:
            self.listening.clear()
            consumer.close()

    def _note(self, consumer: KafkaConsumer) -> None:
        if places := consumer.assignment():
            for place in places:
                consumer.position(place)
            self.listening.set()
