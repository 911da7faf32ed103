"""Owns opening a camera or a stream with OpenCV, and what a camera is asked for."""

import logging
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import cv2

from connectors.edge.agent.capturing import Captured
from connectors.edge.agent.newest import newest
from pipeline.contracts.errors import SourceUnreachable
from pipeline.contracts.urls import redact_url

OPEN_MS, READ_MS = 10_000, 10_000
"""So long a stream may take to answer, and to send a frame."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a camera is asked for; it grants what it can."""

    width: int | None = None
    height: int | None = None
    rate: float | None = None

    def __str__(self) -> str:
        return f"{self.width or '?'}x{self.height or '?'} at {self.rate or '?'} frames/s"


class DeviceSource:
    """A camera of this machine, by number or path."""

    lasting = True

    def __init__(self, device: str, wish: Wish) -> None:
        self.name = device
        self._device, self._wish = device, wish

    def frames(self, halt: Event) -> Iterator[Captured]:
        """Its frames as they come; see `Source`."""
        capture = self._opened()
        _ask(capture, self._wish)
        granted = Wish(
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            round(capture.get(cv2.CAP_PROP_FPS), 2),
        )
        logger.info("camera %s: asked for %s, granted %s", self.name, self._wish, granted)
        return newest(capture, self.name, halt)

    def _opened(self) -> cv2.VideoCapture:
        path = Path(f"/dev/video{self._device}" if self._device.isdecimal() else self._device)
        linux = platform.system() == "Linux"
        if linux and not path.exists():
            others = ", ".join(sorted(str(found) for found in Path("/dev").glob("video*"))) or "none"
            raise SourceUnreachable(f"there is no camera {path}; those of this machine: {others}")
        if linux and not os.access(path, os.R_OK | os.W_OK):
            raise SourceUnreachable(
                f"{path} may not be opened; add this user to the group that owns it, mostly `video`"
            )
        which: int | str = int(self._device) if self._device.isdecimal() else str(path)
        capture = cv2.VideoCapture(which, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
        if not capture.isOpened():
            raise SourceUnreachable(f"{path} cannot be opened: it is no camera, or another program uses it")
        return capture


class StreamSource:
    """A camera of the network, by its address (rtsp, rtsps, http, https)."""

    lasting = True

    def __init__(self, url: str) -> None:
        self.name = redact_url(url)
        self._url = url

    def frames(self, halt: Event) -> Iterator[Captured]:
        """Its frames as they come; see `Source`."""
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
        capture = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise SourceUnreachable(f"{self.name} does not answer with a stream")
        return newest(capture, self.name, halt)


def _ask(capture: cv2.VideoCapture, wish: Wish) -> None:
    """Without MJPEG most cameras send large pictures at a few frames a second only."""
    if wish.width and wish.height:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, wish.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wish.height)
    if wish.rate:
        capture.set(cv2.CAP_PROP_FPS, wish.rate)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
