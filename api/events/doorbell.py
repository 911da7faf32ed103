"""Owns listening to the topic `results`: a record means that its video has news; the store says which."""

import logging
import threading
from collections.abc import Callable, Iterable

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, wait_for_broker

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
POLL_MS = 200
AT_ONCE = 500
FETCH_BYTES = 4 * 2**20

Ring = Callable[[Iterable[tuple[bytes | None, bytes | None]]], None]
log = logging.getLogger(__name__)


class Doorbell:
    """A thread that calls `ring` with the keys and values of new records.

    It reads from the end, in no consumer group. What it misses while the broker is away, streams find by themselves.
    `listening` is set once the first record to come will be heard.
    """

    def __init__(self, settings: KafkaSettings, ring: Ring) -> None:
        self._settings = settings
        self._ring = ring
        self._stop = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                wait_for_broker(self._settings, 0)
                pause = FIRST_PAUSE
                self._listen()
            except (KafkaError, StoreUnavailable) as e:
                log.warning("events come by polling for now: %s", e)
            except Exception:
                log.exception("events come by polling for now")
            else:
                continue
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _listen(self) -> None:
        consumer = KafkaConsumer(
            Topics.of(self._settings).results,
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=None,
            auto_offset_reset="latest",
            enable_auto_commit=False,
            max_poll_records=AT_ONCE,
            fetch_max_bytes=FETCH_BYTES,
        )
        try:
            while not self._stop.is_set():
                batches = consumer.poll(timeout_ms=POLL_MS)
                self._ring([(record.key, record.value) for batch in batches.values() for record in batch])
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
