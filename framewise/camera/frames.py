"""Owns the pictures of a source: a device, a stream's address, or a file that is played in real time."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2

from framewise.errors import FramewiseError

OPEN_MS = READ_MS = 10_000
MOST_BYTES = 950_000
QUALITIES = (85, 70, 50)
DEVICE = re.compile(r"^(?:/dev/video)?(\d+)$")


class SourceAway(FramewiseError):
    """A source that cannot be opened, or gives no picture any more."""


class Frames(Protocol):
    """An open source. Raises SourceAway when it breaks; `next` is False at the end of a file."""

    @property
    def granted(self) -> str:
        """What the source gives: size and rate."""

    def next(self, wait: Callable[[float], bool]) -> bool:
        """Go to the next picture, in real time. `wait` sleeps so many seconds and is True when it is to end."""

    def jpeg(self, height: int) -> bytes:
        """The picture as a JPEG below 1 MB, scaled down to this height, never up."""

    def close(self) -> None:
        """Give the source back."""


def open_frames(source: str) -> Frames:
    """Open a device (`0`, `/dev/video0`), a stream (`rtsp://…`, `http://…`) or a file; raises SourceAway."""
    if (device := DEVICE.match(source)) is not None:
        return LiveFrames(_opened(int(device[1]), f"camera {source}"), f"camera {source}")
    if "://" in source:
        return LiveFrames(_stream(source), shown(source))
    if not Path(source).expanduser().is_file():
        raise SourceAway(f"there is no file {source}; a camera is a number such as 0, a stream has an address")
    return FileFrames(_opened(str(Path(source).expanduser()), source), source)


def shown(source: str) -> str:
    """A source as it may be shown: an address without its password."""
    return re.sub(r"(?<=://)[^/@]*@", "", source)


def _stream(address: str) -> cv2.VideoCapture:
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    return _checked(cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits), shown(address))


def _opened(target: int | str, name: str) -> cv2.VideoCapture:
    return _checked(cv2.VideoCapture(target), name)


def _checked(video: cv2.VideoCapture, name: str) -> cv2.VideoCapture:
    if not video.isOpened():
        raise SourceAway(f"{name} cannot be opened; `framewise camera --check` says which cameras there are")
    return video


class LiveFrames:
    """A device or a stream: it gives pictures at its own pace, and the newest counts."""

    def __init__(self, video: cv2.VideoCapture, name: str) -> None:
        self._video = video
        self._name = name

    @property
    def granted(self) -> str:
        size = [round(self._video.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        rate = self._video.get(cv2.CAP_PROP_FPS)
        return f"{size[0]}×{size[1]}" + (f" at {rate:g} frames/s" if rate > 0 else "")

    def next(self, wait: Callable[[float], bool]) -> bool:
        if not self._video.grab():
            raise SourceAway(f"{self._name} gives no picture")
        return True

    def jpeg(self, height: int) -> bytes:
        found, image = self._video.retrieve()
        if not found or image is None:
            raise SourceAway(f"{self._name} gives no picture")
        if image.shape[0] > height:
            width = max(2, round(image.shape[1] * height / image.shape[0]))
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        for quality in QUALITIES:
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(data) <= MOST_BYTES:
                return data
        raise SourceAway(f"{self._name} gives a picture of more than {MOST_BYTES} bytes; use a smaller --height")

    def close(self) -> None:
        self._video.release()


class FileFrames(LiveFrames):
    """A file, played once in real time."""

    def __init__(self, video: cv2.VideoCapture, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(video, name)
        self._clock = clock
        self._began: float | None = None

    def next(self, wait: Callable[[float], bool]) -> bool:
        if not self._video.grab():
            if self._began is None:
                raise SourceAway(f"{self._name} is no video that can be read")
            return False
        at = self._video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        self._began = self._clock() - at if self._began is None else self._began
        early = self._began + at - self._clock()
        return not (early > 0 and wait(early))
