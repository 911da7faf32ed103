"""Owns the thread that sends a live video's frames as far as they may go."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.halt import Halt
from ingest.live.freshness import FreshFrames
from ingest.live.record import LiveRecord
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.kafka.publishing import Publisher
from pipeline.observing import metrics

LISTEN = 0.2
JOIN_SECONDS = 5.0


class Sender:
    """Takes from what is fresh and publishes it. A failure is told by the record, to the job's thread."""

    def __init__(self, fresh: FreshFrames, publisher: Publisher, record: LiveRecord, halt: Halt) -> None:
        self._fresh = fresh
        self._publisher = publisher
        self._record = record
        self._halt = halt
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-sender", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        while not self._done.is_set() and not self._halt.is_set:
            frame = self._fresh.take(LISTEN)
            if frame is None or self._halt.is_set:
                continue
            try:
                self._send(frame)
            except StoreUnavailable as e:
                self._record.acknowledged(frame.frame_number, e)
                return

    def _send(self, frame: Frame) -> None:
        self._record.sent(frame.frame_number)

        def acknowledged(error: Exception | None) -> None:
            if error is None:
                metrics.frames("published")
            self._record.acknowledged(frame.frame_number, error)

        self._publisher.frame(frame, acknowledged)
