"""Owns which cameras this machine has, and why there is none."""

import platform
from collections.abc import Iterator
from pathlib import Path

import cv2

from framewise.camera.device import Device

MOST_INDEXES = 5
NONE_HERE = (
    "this machine has no camera: there is no /dev/video*. Plug one in; into a container it is passed with "
    "--device /dev/video0, into WSL2 with usbipd. Without one, --source takes a file or a stream's address"
)


def devices(folder: Path = Path("/dev")) -> Iterator[Device]:
    """Every camera, with what is wrong with it."""
    if platform.system() != "Linux":
        yield from filter(None, map(_tried, range(MOST_INDEXES)))
        return
    from framewise.camera.v4l2 import examine  # other systems do not have it

    for path in sorted(folder.glob("video[0-9]*"), key=lambda found: int(found.name[5:])):
        if (device := examine(path)) is not None:
            yield device


def _tried(index: int) -> Device | None:
    """A camera where the system says nothing of them: it is opened."""
    video = cv2.VideoCapture(index)
    try:
        if not video.isOpened():
            return None
        size = [round(video.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        return Device(str(index), "camera", (f"{size[0]}×{size[1]}",))
    finally:
        video.release()
