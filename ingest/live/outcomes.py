"""Owns hearing of outcomes as they come, so that each live stream knows what of it is still under way."""

import json
import logging
import threading
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.listening import Outage, Records, TopicListener
from pipeline.kafka.topics import Topics

OUTAGE = Outage("outcomes of live frames are looked up for now", 1.0, 5.0)
Settle = Callable[[int], None]
logger = logging.getLogger(__name__)


class Outcomes(Protocol):
    """Tells streams of the outcomes of their frames; some may be missed, and must be looked up."""

    def follow(self, video_id: UUID, settle: Settle) -> None:
        """From now on, call `settle` with each frame number of this video that has its outcome; from any thread."""

    def leave(self, video_id: UUID) -> None:
        """No more."""


class HeardOutcomes:
    """Those that are heard on the topic `results`, to which it listens only while a stream is followed.

    Safe for threads; `stop` it at the end.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._followed: dict[bytes, Settle] = {}
        self._listener: TopicListener | None = None

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop(seconds)

    def follow(self, video_id: UUID, settle: Settle) -> None:
        with self._lock:
            self._followed[video_id.bytes] = settle
            if self._listener is None:
                topic = Topics.of(self._settings).results
                self._listener = TopicListener(self._settings, topic, self._hear, "live-outcomes", OUTAGE)
                self._listener.start()

    def leave(self, video_id: UUID) -> None:
        with self._lock:
            self._followed.pop(video_id.bytes, None)
            if not self._followed and self._listener is not None:
                self._listener.stop(0.0)
                self._listener = None

    def _hear(self, records: Records) -> None:
        with self._lock:
            followed = dict(self._followed)
        for key, value in records:
            settle = followed.get(key) if key is not None else None
            if settle is not None and value is not None:
                settle(_frame_number(value))


class NoOutcomes:
    """The twin that hears nothing: whoever wants to know looks them up."""

    def follow(self, video_id: UUID, settle: Settle) -> None:
        return None

    def leave(self, video_id: UUID) -> None:
        return None


def _frame_number(event: bytes) -> int:
    """The frame of an event; 0, which no frame has, for one that makes no sense."""
    try:
        return int(json.loads(event)["frame_number"])
    except (ValueError, KeyError, TypeError) as e:
        logger.warning("an event on the topic of results makes no sense: %s", e)
        return 0
