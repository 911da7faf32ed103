"""Owns frames of a video file, in the pace of a camera or as fast as they are used."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import cv2

from connectors.edge.agent.capturing import Captured
from pipeline.contracts.errors import MediaError, SourceUnreachable

LATE_SECONDS = 0.5
"""Who is so far behind leaves frames out, as a camera would."""
LONGEST_SECONDS = 7 * 24 * 3600.0

logger = logging.getLogger(__name__)


class FileSource:
    """A file played once. Its first frame counts as captured at `began`.

    Without that it is as if it were captured just now: beginning now, or ending now where it is not played in its pace.
    """

    lasting = False

    def __init__(self, path: Path, *, fast: bool = False, began: datetime | None = None) -> None:
        self.name = str(path)
        self._path, self._fast, self._began = path, fast, began

    def frames(self, halt: Event) -> Iterator[Captured]:
        """Its frames with their own times; see `Source`."""
        capture = self._opened()
        try:
            yield from self._played(capture, halt)
        finally:
            capture.release()

    def _opened(self) -> cv2.VideoCapture:
        if not self._path.is_file():
            raise SourceUnreachable(f"there is no file {self._path}")
        capture = cv2.VideoCapture(f"file:{self._path.resolve()}", cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise MediaError(f"{self._path} cannot be read as a video")
        return capture

    def _played(self, capture: cv2.VideoCapture, halt: Event) -> Iterator[Captured]:
        began, started, missed = self._began or self._now(capture), time.monotonic(), 0
        while not halt.is_set() and capture.grab():
            position = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            wait = 0.0 if self._fast else started + position - time.monotonic()
            if wait < -LATE_SECONDS:
                missed += 1
                continue
            if wait > 0 and halt.wait(wait):
                break
            there, image = capture.retrieve()
            if there:
                yield Captured(image, began + timedelta(seconds=position))  # type: ignore[arg-type]
        if missed:
            logger.warning("%s: %d frames were left out, to keep its pace", self.name, missed)

    def _now(self, capture: cv2.VideoCapture) -> datetime:
        rate, frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        length = frames / rate if self._fast and rate > 0 and 0 < frames < rate * LONGEST_SECONDS else 0.0
        return datetime.now(UTC) - timedelta(seconds=length)
