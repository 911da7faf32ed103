"""What Linux says of cameras: names, modes, and why one cannot be used. The kernel's answers are stood in for."""

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from framewise.camera import devices as listing
from framewise.camera import v4l2
from framewise.camera.device import Device

SIZES = {b"MJPG": [(640, 480), (1280, 720)], b"YUYV": [(640, 480)]}
NAMES = {b"MJPG": b"Motion-JPEG", b"YUYV": b"YUYV 4:2:2"}


class Kernel:
    """A driver, as far as it is asked."""

    def __init__(self, captures: bool = True, busy: bool = False, stepwise: bool = False) -> None:
        self.captures, self.busy, self.stepwise = captures, busy, stepwise

    def __call__(self, descriptor: int, question: int, said: bytearray) -> None:
        answers: dict[int, Callable[[bytearray], None]] = {
            v4l2.QUERYCAP: self._capabilities,
            v4l2.ENUM_FMT: self._format,
            v4l2.ENUM_FRAMESIZES: self._size,
            v4l2.REQBUFS: self._buffers,
        }
        answers[question](said)

    def _capabilities(self, said: bytearray) -> None:
        assert len(said) == 104
        said[16:25] = b"HD Webcam"
        struct.pack_into("=II", said, 84, v4l2.DEVICE_CAPS | 1, 1 if self.captures else 1 << 23)

    def _format(self, said: bytearray) -> None:
        assert len(said) == 64
        index, kind = struct.unpack_from("=II", said)
        if kind != 1 or index >= len(SIZES):
            raise OSError(errno.EINVAL, "no more")
        code = [*SIZES][index]
        said[12 : 12 + len(NAMES[code])] = NAMES[code]
        said[44:48] = code

    def _size(self, said: bytearray) -> None:
        assert len(said) == 44
        (index,) = struct.unpack_from("=I", said)
        sizes = SIZES[bytes(said[4:8])]
        if index >= len(sizes):
            raise OSError(errno.EINVAL, "no more")
        if self.stepwise:
            struct.pack_into("=I6I", said, 8, 3, 16, 1920, 8, 16, 1080, 8)
        else:
            struct.pack_into("=I2I", said, 8, 1, *sizes[index])

    def _buffers(self, said: bytearray) -> None:
        if self.busy:
            raise OSError(errno.EBUSY, "busy")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "video0"
    path.touch()
    return path


def test_a_camera_is_listed_with_its_modes(node: Path) -> None:
    modes = ("Motion-JPEG: 640×480, 1280×720", "YUYV 4:2:2: 640×480")
    assert v4l2.examine(node, Kernel()) == Device(str(node), "HD Webcam", modes)


def test_sizes_in_steps_are_a_range(node: Path) -> None:
    found = v4l2.examine(node, Kernel(stepwise=True))
    assert found is not None
    assert found.modes[0] == "Motion-JPEG: 16×16 to 1920×1080"


def test_a_node_that_captures_nothing_is_no_camera(node: Path) -> None:
    assert v4l2.examine(node, Kernel(captures=False)) is None


def test_a_busy_camera_says_who_uses_it(node: Path, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; input()"], stdin=subprocess.PIPE) as other:
        descriptors = tmp_path / "proc" / str(other.pid) / "fd"
        descriptors.mkdir(parents=True)
        (descriptors / "7").symlink_to(node)
        (descriptors.parent / "comm").write_text("zoom\n")
        found = v4l2.examine(node, Kernel(busy=True), tmp_path / "proc")
        other.kill()
    assert found is not None
    assert found.trouble == f"it is in use by zoom (process {other.pid}); end that"


def test_a_camera_that_is_used_by_nobody_who_is_seen(node: Path, tmp_path: Path) -> None:
    found = v4l2.examine(node, Kernel(busy=True), tmp_path)
    assert found is not None
    assert found.trouble == "it is in use by another program; end that"


def test_a_file_that_is_no_device_is_said(node: Path) -> None:
    found = v4l2.examine(node)
    assert found is not None
    assert "does not answer as a camera" in str(found.trouble)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "usermod"), (errno.ENODEV, "unplugged"), (errno.EBUSY, "in use"), (errno.EIO, "error")],
)
def test_why_one_cannot_be_opened(
    node: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, tmp_path: Path
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.open", refuse)
    found = v4l2.examine(node, Kernel(), tmp_path)
    assert found is not None
    assert words in str(found.trouble)


def test_cameras_are_listed_in_their_order(tmp_path: Path) -> None:
    for number in (10, 2, 0):
        (tmp_path / f"video{number}").touch()
    assert [Path(device.path).name for device in listing.devices(tmp_path)] == ["video0", "video2", "video10"]
