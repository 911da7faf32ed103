"""Owns asking Linux about a camera: its name and its modes (Video4Linux2, linux/videodev2.h)."""

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

from framewise.camera.device import Device

QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES, REQBUFS = 0x80685600, 0xC0405602, 0xC02C564A, 0xC0145608
CAPTURE, DEVICE_CAPS, MMAP = 1, 1 << 31, 1
DISCRETE = 1
MOST = 64
"""Formats, and sizes of one, that are asked for at most."""
Ioctl = Callable[[int, int, bytearray], object]


def examine(path: Path, ioctl: Ioctl = fcntl.ioctl, processes: Path = Path("/proc")) -> Device | None:
    """What a device says of itself; None for one that is no camera, such as a camera's second node of metadata."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as e:
        return Device(str(path), trouble=_why_closed(e, path, processes))
    try:
        name, captures = _capabilities(descriptor, ioctl)
        if not captures:
            return None
        return Device(str(path), name, tuple(_modes(descriptor, ioctl)), _why_busy(descriptor, ioctl, path, processes))
    except OSError as e:
        return Device(str(path), trouble=f"it does not answer as a camera ({e.strerror})")
    finally:
        os.close(descriptor)


def _capabilities(descriptor: int, ioctl: Ioctl) -> tuple[str, bool]:
    said = bytearray(104)
    ioctl(descriptor, QUERYCAP, said)
    everything, of_node = struct.unpack_from("=II", said, 84)
    return _text(said[16:48]), bool((of_node if everything & DEVICE_CAPS else everything) & CAPTURE)


def _modes(descriptor: int, ioctl: Ioctl) -> Iterator[str]:
    for index in range(MOST):
        said = bytearray(struct.pack("=II", index, CAPTURE).ljust(64, b"\0"))
        if not _asked(descriptor, ioctl, ENUM_FMT, said):
            return
        (pixels,) = struct.unpack_from("=I", said, 44)
        sizes = ", ".join(_sizes(descriptor, ioctl, pixels))
        yield f"{_text(said[12:44])}: {sizes or 'sizes are not said'}"


def _sizes(descriptor: int, ioctl: Ioctl, pixels: int) -> Iterator[str]:
    for index in islice(count(), MOST):
        said = bytearray(struct.pack("=II", index, pixels).ljust(44, b"\0"))
        if not _asked(descriptor, ioctl, ENUM_FRAMESIZES, said):
            return
        kind, *numbers = struct.unpack_from("=I6I", said, 8)
        if kind != DISCRETE:
            yield f"{numbers[0]}×{numbers[3]} to {numbers[1]}×{numbers[4]}"
            return
        yield f"{numbers[0]}×{numbers[1]}"


def _asked(descriptor: int, ioctl: Ioctl, question: int, said: bytearray) -> bool:
    try:
        ioctl(descriptor, question, said)
    except OSError as e:
        if e.errno in (errno.EINVAL, errno.ENOTTY):
            return False
        raise
    return True


def _why_busy(descriptor: int, ioctl: Ioctl, path: Path, processes: Path) -> str | None:
    """Ask for buffers, which only one may have, and give them back."""
    try:
        ioctl(descriptor, REQBUFS, bytearray(struct.pack("=IIIII", 1, CAPTURE, MMAP, 0, 0)))
        ioctl(descriptor, REQBUFS, bytearray(struct.pack("=IIIII", 0, CAPTURE, MMAP, 0, 0)))
    except OSError as e:
        if e.errno == errno.EBUSY:
            return f"it is in use by {_users(path, processes) or 'another program'}; end that"
    return None


def _why_closed(error: OSError, path: Path, processes: Path) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "you may not open it; add yourself to its group (sudo usermod -aG video $USER) and log in again"
    if error.errno == errno.EBUSY:
        return f"it is in use by {_users(path, processes) or 'another program'}; end that"
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return "the camera behind it was unplugged"
    return error.strerror or str(error)


def _users(path: Path, processes: Path) -> str:
    """The programs that have a device open, as far as they may be seen."""
    found = []
    for folder in processes.glob("[0-9]*"):
        try:
            opened = any(link.readlink() == path for link in (folder / "fd").iterdir())
            if opened and int(folder.name) != os.getpid():
                found.append(f"{(folder / 'comm').read_text().strip()} (process {folder.name})")
        except OSError:
            continue  # another's process, or one that has ended
    return ", ".join(found)


def _text(data: bytes | bytearray) -> str:
    return bytes(data).partition(b"\0")[0].decode("utf-8", "replace")
