"""Owns reading a camera while the detector works: the newest frame is kept, and no other."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

import cv2

from connectors.edge.agent.capturing import Captured
from pipeline.contracts.errors import SourceUnreachable

LOOK_SECONDS = 0.5
CLOSE_SECONDS = 10.0


@dataclass
class Slot:
    """Holds the newest frame; an older one that nobody took is gone."""

    over: bool = False
    _frame: Captured | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, frame: Captured | None) -> None:
        """Hand over a frame; None says that there are no more."""
        with self._changed:
            self._frame, self.over = frame or self._frame, frame is None
            self._changed.notify()

    def take(self, seconds: float) -> Captured | None:
        """The newest frame that was not taken yet, waiting so long for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame or self.over, seconds)
            frame, self._frame = self._frame, None
            return frame


def newest(capture: cv2.VideoCapture, name: str, halt: Event) -> Iterator[Captured]:
    """Frames of an open capture, read in a thread of its own; closes it at the end."""
    slot, enough = Slot(), Event()
    reader = threading.Thread(target=_read, args=(capture, slot, enough), name="capture", daemon=True)
    reader.start()
    try:
        while not halt.is_set():
            frame = slot.take(LOOK_SECONDS)
            if frame is not None:
                yield frame
            elif slot.over:
                raise SourceUnreachable(f"{name} sends no more frames")
    finally:
        enough.set()
        reader.join(CLOSE_SECONDS)


def _read(capture: cv2.VideoCapture, slot: Slot, enough: Event) -> None:
    try:
        while not enough.is_set() and capture.grab():
            captured_at = datetime.now(UTC)
            there, image = capture.retrieve()
            if there:
                slot.put(Captured(image, captured_at))  # type: ignore[arg-type]
    finally:
        capture.release()
        slot.put(None)
