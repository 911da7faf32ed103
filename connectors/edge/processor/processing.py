"""Owns what becomes of each message: stored, handed to the analysis, confirmed, and only then acknowledged."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from connectors.edge.crops import Crop
from connectors.edge.messages import Message, encode_stored
from connectors.edge.passing import Answer, Outlet, Receipt
from connectors.edge.processor.analysis import Analysis
from connectors.edge.processor.bare import as_first_come
from connectors.edge.processor.naming import SUFFIXES, folder_of, stem_of
from connectors.edge.processor.place import Place
from connectors.edge.processor.reading import Reading
from connectors.edge.processor.set_aside import SetAside
from connectors.edge.session import WINDOW
from connectors.edge.topics import TopicTemplate
from connectors.pictures.encoding import Encoder
from pipeline.contracts.errors import FramewiseError, RecordInvalid
from pipeline.observing import metrics

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
WAIT_SECONDS = 0.5
REST_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a message passes on its way. Without `analysis` pictures are only stored."""

    reading: Reading
    place: Place
    aside: SetAside
    encoder: Encoder
    analysis: Analysis | None
    outlet: Outlet
    confirm_topic: TopicTemplate


class Processing:
    """Works off messages one by one, in their order; tries again, for as long as it takes, what could not be done."""

    def __init__(self, parts: Parts, stop: threading.Event) -> None:
        self._parts, self._stop = parts, stop
        self._queue: queue.Queue[tuple[Message, Receipt]] = queue.Queue()
        self._rested = time.monotonic()
        self.stored = 0

    def has_room(self) -> bool:
        """See Inlet; this is what bounds the queue."""
        return self._queue.qsize() < WINDOW

    def take(self, message: Message, receipt: Receipt) -> None:
        """See Handler."""
        self._queue.put((message, receipt))

    def run(self) -> None:
        """Work until it is told to stop."""
        while not self._stop.is_set():
            self._rest()
            with suppress(queue.Empty):
                self._work_off(*self._queue.get(timeout=WAIT_SECONDS))

    def _rest(self) -> None:
        if self._parts.analysis is not None and time.monotonic() - self._rested >= REST_SECONDS:
            self._rested = time.monotonic()
            try:
                self._parts.analysis.rest()
            except FramewiseError as e:
                logger.warning("%s", e)

    def _work_off(self, message: Message, receipt: Receipt) -> None:
        pause, said = FIRST_PAUSE, ""
        while receipt.good and not self._stop.is_set():  # what has no good receipt comes again
            try:
                return self._process(message, receipt)
            except FramewiseError as e:
                metrics.retry(e.type)
                if str(e) != said:
                    logger.warning("%s; the broker keeps what comes, trying again", e)
                said = str(e)
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    def _process(self, message: Message, receipt: Receipt) -> None:
        try:
            crop = self._parts.reading.crop(message)
            if not message.properties:
                crop = as_first_come(crop, self._parts.place)
        except RecordInvalid as e:
            self._parts.aside.put(message, e)
            return receipt.give()
        try:
            self._keep(crop)
        except RecordInvalid as e:
            self._parts.aside.put(message, e)
        return self._confirm(crop, receipt.give)

    def _keep(self, crop: Crop) -> None:
        """Raises RecordInvalid for what is no picture, other errors for what may be tried again."""
        parts = self._parts
        picture = parts.reading.picture(crop)
        kept = parts.place.keep(folder_of(crop), stem_of(crop), SUFFIXES[picture.form], crop.image)
        metrics.edge_picture("repeated" if kept.repeated else "stored")
        self.stored += not kept.repeated
        if parts.analysis is not None:
            jpeg = parts.encoder.jpeg(picture, parts.reading.limits.bytes)
            parts.analysis.hand_over(crop, kept.stem, jpeg)

    def _confirm(self, crop: Crop, then: Callable[[], None]) -> None:
        """Tell the camera; the broker is told when it has taken that."""
        message = encode_stored(crop.site, crop.camera, [crop.crop_id], self._parts.confirm_topic)

        def answered(answer: Answer) -> None:
            if answer is Answer.REFUSED:
                logger.error("%s: a confirmation is refused; the camera sends its picture again", message.topic)
            then()

        self._parts.outlet.send(message, answered)
