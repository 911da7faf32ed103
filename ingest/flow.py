"""Owns how far publishing runs ahead: of the broker by bytes, of the analysis by frames."""

import threading
import time
from collections.abc import Callable

from ingest.halt import Halt
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.kafka.publishing import Publisher
from pipeline.observing import metrics

OUTSTANDING_BYTES = 16 << 20
LEDGER_SECONDS = 1.0
LISTEN = 0.2


class FrameFlow:
    """Publishes the sampled frames of one video in order, holding back when too much is under way.

    `frames_in_flight` says how many frames may be without an outcome, `outcomes` how many have one; `meanwhile` is
    called several times a second while it waits. For one thread; acknowledgements come from others.
    """

    def __init__(
        self,
        publisher: Publisher,
        halt: Halt,
        frames_in_flight: Callable[[], int],
        outcomes: Callable[[], int],
        meanwhile: Callable[[], None],
        outstanding_bytes: int = OUTSTANDING_BYTES,
        ledger_seconds: float = LEDGER_SECONDS,
    ) -> None:
        self._publisher = publisher
        self._halt = halt
        self._frames_in_flight = frames_in_flight
        self._outcomes = outcomes
        self._meanwhile = meanwhile
        self._most_bytes = outstanding_bytes
        self._ledger_seconds = ledger_seconds
        self._changed = threading.Condition()
        self._outstanding: dict[int, int] = {}
        self._failure: Exception | None = None
        self._sampled = 0
        self._last = 0
        self._known_outcomes = 0

    def skip(self, frame_number: int) -> None:
        """Count a sampled frame that had been acknowledged before a take-over."""
        self._sampled, self._last = self._sampled + 1, frame_number

    def publish(self, frame: Frame) -> None:
        """Send a frame when there is room; raises Halted, or StoreUnavailable when one was not acknowledged."""
        self._halt.check()
        self._wait_for_analysis()
        self._wait_until(lambda: sum(self._outstanding.values()) < self._most_bytes)
        number = frame.frame_number
        with self._changed:
            self._outstanding[number] = len(frame.jpeg)
        self._publisher.frame(frame, lambda error: self._acknowledged(number, error))
        self.skip(number)

    def drain(self) -> None:
        """Wait until every frame sent is acknowledged; raises Halted or StoreUnavailable."""
        self._wait_until(lambda: not self._outstanding)

    @property
    def published(self) -> int:
        """Sampled frames that are acknowledged."""
        with self._changed:
            return self._sampled - len(self._outstanding)

    @property
    def published_through(self) -> int:
        """The frame number up to which every sampled frame is acknowledged."""
        with self._changed:
            return min(self._outstanding, default=self._last + 1) - 1

    def _acknowledged(self, number: int, error: Exception | None) -> None:
        with self._changed:
            if error is None:
                metrics.frames("published")
                self._outstanding.pop(number, None)
            else:
                self._failure = error
            self._changed.notify_all()

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        while True:
            self._halt.check()
            self._meanwhile()
            with self._changed:
                if self._failure is not None:
                    raise StoreUnavailable(f"a frame was not acknowledged: {self._failure}") from self._failure
                if ready():
                    return
                self._changed.wait(LISTEN)

    def _wait_for_analysis(self) -> None:
        while self._too_many():
            self._known_outcomes = self._outcomes()
            if not self._too_many():
                return
            patience = time.monotonic() + self._ledger_seconds
            while (left := patience - time.monotonic()) > 0:
                self._meanwhile()
                self._halt.wait(min(left, LISTEN))

    def _too_many(self) -> bool:
        return self._sampled - self._known_outcomes >= self._frames_in_flight()
