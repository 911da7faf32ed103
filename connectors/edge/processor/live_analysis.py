"""Owns handing pictures to the service: videos over its API, pictures over Kafka."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from connectors.edge.crops import Crop
from connectors.edge.processor.days import Days
from pipeline.contracts.captures import Capture
from pipeline.contracts.errors import StoreUnavailable
from pipeline.kafka.captures import CapturePublisher

MOST_HANDED = 20_000
MOST_SECONDS = 60.0

logger = logging.getLogger(__name__)


class LiveAnalysis:
    """Analysis as frames of live videos."""

    def __init__(self, days: Days, connect: Callable[[], CapturePublisher]) -> None:
        """`connect` is called when the first picture comes, and again after it raised StoreUnavailable."""
        self._days, self._connect = days, connect
        self._publisher: CapturePublisher | None = None
        self._handed = Recent(MOST_HANDED)

    def hand_over(self, crop: Crop, name: str, jpeg: bytes) -> None:
        video_id = self._days.video_of(crop)
        if (video_id, name) in self._handed:
            return
        self._publish(Capture(video_id, crop.captured_at, name, jpeg, crop.track))
        self._handed.add((video_id, name))

    def rest(self) -> None:
        """End what is over."""
        for key, video_id in self._days.over().items():
            self._connected().end(video_id)
            self._days.forget(key)
            logger.info("%s is over; its video completes", key, extra={"video_id": video_id})

    def close(self) -> None:
        if self._publisher is not None:
            self._publisher.close()

    def _connected(self) -> CapturePublisher:
        self._publisher = self._publisher or self._connect()
        return self._publisher

    def _publish(self, capture: Capture) -> None:
        publisher, done, failures = self._connected(), threading.Event(), []

        def acknowledged(failure: StoreUnavailable | None) -> None:
            failures.append(failure)
            done.set()

        publisher.put(capture, acknowledged)
        if not done.wait(MOST_SECONDS):
            raise StoreUnavailable(f"Kafka has not said for {MOST_SECONDS:g} s whether it has a picture")
        if failures[0] is not None:
            raise failures[0]


class Recent:
    """The last so many of what was added."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[object, None] = OrderedDict()

    def __contains__(self, item: object) -> bool:
        return item in self._found

    def add(self, item: object) -> None:
        """Remember it, and forget the oldest."""
        self._found[item] = None
        if len(self._found) > self._most:
            self._found.popitem(last=False)
