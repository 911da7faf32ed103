"""Owns listening to topic `videos`: a record means that a video may wait, nothing more."""

import logging
import threading
from collections.abc import Callable

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, wait_for_broker

RETRY_SECONDS = 5.0
logger = logging.getLogger(__name__)


class WakeUps:
    """A thread that calls `wake` for news on the topic.

    It reads from the end, in no consumer group: nothing is left to commit, every process hears every record, and
    what is missed while it is away is found by polling. `listening` is set once the first record to come will be
    heard.
    """

    def __init__(self, settings: KafkaSettings, wake: Callable[[], None]) -> None:
        self._settings = settings
        self._wake = wake
        self._stop = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                wait_for_broker(self._settings, 0)
                self._listen()
            except (KafkaError, StoreUnavailable) as e:
                logger.warning("no wake-ups for now: %s", e)
                self._stop.wait(RETRY_SECONDS)

    def _note(self, consumer: KafkaConsumer) -> None:
        if places := consumer.assignment():
            for place in places:
                consumer.position(place)
            self.listening.set()

    def _listen(self) -> None:
        consumer = KafkaConsumer(
            Topics.of(self._settings).videos,
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=None,
            auto_offset_reset="latest",
            enable_auto_commit=False,
        )
        try:
            while not self._stop.is_set():
                if consumer.poll(timeout_ms=200):
                    self._wake()
                if not self.listening.is_set():
                    self._note(consumer)
        finally:
            self.listening.clear()
            consumer.close()
