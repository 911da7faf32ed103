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
    """Those that are heard on the topic `results`. Safe for threads; `start` and `stop` it."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._lock = threading.Lock()
        self._followed: dict[bytes, Settle] = {}
        self._listener = TopicListener(settings, Topics.of(settings).results, self._hear, "live-outcomes", OUTAGE)

    def start(self) -> None:
        """Begin to listen."""
        self._listener.start()

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`."""
        self._listener.stop(seconds)

    def follow(self, video_id: UUID, settle: Settle) -> None:
        with self._lock:
            self._followed[video_id.bytes] = settle

    def leave(self, video_id: UUID) -> None:
        with self._lock:
            self._followed.pop(video_id.bytes, None)

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
