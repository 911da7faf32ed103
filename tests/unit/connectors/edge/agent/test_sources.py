"""Frames of files and devices, by OpenCV."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from connectors.edge.agent.capturing import Captured
from connectors.edge.agent.devices import DeviceSource, StreamSource, Wish
from connectors.edge.agent.files import FileSource
from connectors.edge.agent.newest import Slot, newest
from inference.arrays import Image
from pipeline.contracts.errors import MediaError, SourceUnreachable
from tests.unit.connectors.edge.agent.pictures import NOON


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds at ten frames a second; each as bright as its number says."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(20):
        writer.write(np.full((48, 64, 3), number * 10, np.uint8))
    writer.release()
    return path


def seconds(frames: Iterator[Captured], began: datetime = NOON) -> list[float]:
    return [round((frame.captured_at - began).total_seconds(), 3) for frame in frames]


def test_a_file_has_its_own_times(clip: Path) -> None:
    assert seconds(FileSource(clip, fast=True, began=NOON).frames(Event())) == [n / 10 for n in range(20)]


def test_a_file_is_played_in_its_pace(clip: Path) -> None:
    began = time.monotonic()
    frames = list(itertools.islice(FileSource(clip).frames(Event()), 6))
    assert 0.4 <= time.monotonic() - began < 2
    assert abs((datetime.now(UTC) - frames[-1].captured_at).total_seconds()) < 1


def test_who_is_slow_gets_the_frames_of_now(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FileSource(clip, began=NOON).frames(Event())
    next(source)
    time.sleep(0.9)
    assert seconds(itertools.islice(source, 1))[0] >= 0.3


def test_a_fast_file_ends_now(clip: Path) -> None:
    frames = list(FileSource(clip, fast=True).frames(Event()))
    assert timedelta(0) < datetime.now(UTC) - frames[-1].captured_at < timedelta(seconds=2)


def test_halt_ends_a_file(clip: Path) -> None:
    halt = Event()
    source = FileSource(clip).frames(halt)
    next(source)
    halt.set()
    assert list(source) == []


def test_what_is_no_file_or_no_video_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable, match="there is no file"):
        next(FileSource(tmp_path / "none.mp4").frames(Event()))
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match="cannot be read as a video"):
        next(FileSource(tmp_path / "empty.mp4").frames(Event()))


def test_a_camera_that_is_not_there_says_which_are() -> None:
    with pytest.raises(SourceUnreachable, match="there is no camera /dev/video99; those of this machine"):
        DeviceSource("99", Wish()).frames(Event())


def test_what_is_no_camera_says_so(tmp_path: Path) -> None:
    (tmp_path / "not-a-camera").touch()
    with pytest.raises(SourceUnreachable, match="it is no camera, or another program uses it"):
        DeviceSource(str(tmp_path / "not-a-camera"), Wish()).frames(Event())


def test_a_stream_that_does_not_answer_says_so() -> None:
    with pytest.raises(SourceUnreachable, match="does not answer"):
        StreamSource("rtsp://127.0.0.1:9/none").frames(Event())


def test_only_the_newest_frame_is_kept() -> None:
    slot = Slot()
    for number in range(3):
        slot.put(Captured(np.zeros((1, 1, 3), np.uint8), NOON + timedelta(seconds=number)))
    taken = slot.take(0)
    assert taken is not None
    assert taken.captured_at == NOON + timedelta(seconds=2)
    assert slot.take(0) is None


class Camera:
    """What OpenCV offers of a camera, as far as it is used."""

    def __init__(self, frames: int) -> None:
        self.left = frames
        self.released = False

    def grab(self) -> bool:
        time.sleep(0.005)
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, Image]:
        return True, np.zeros((2, 2, 3), np.uint8)

    def release(self) -> None:
        self.released = True


def test_a_camera_that_is_gone_says_so_and_is_closed() -> None:
    camera = Camera(3)
    frames = newest(camera, "front", Event())  # type: ignore[arg-type]
    with pytest.raises(SourceUnreachable, match="front sends no more frames"):
        list(frames)
    assert camera.released


def test_a_camera_is_closed_when_nobody_looks_any_more() -> None:
    camera, halt = Camera(10**6), Event()
    frames = newest(camera, "front", halt)  # type: ignore[arg-type]
    first, second = next(frames), next(frames)
    assert first.captured_at < second.captured_at
    halt.set()
    assert list(frames) == []
    assert camera.released
