"""Owns cameras of this machine, and files that stand for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from ingest.halt import Halt
from ingest.live.opening import Opening
from ingest.live.sources import LiveSource, StreamOver
from ingest.live.transported import forward
from pipeline.contracts.errors import SourceRefused

SCHEME = "device:"
FILE, LOOP = "file:", "loop:"


@dataclass(frozen=True)
class CameraSource:
    """A V4L2 device. Pictures that the camera compresses itself are asked for: they take less of the bus."""

    path: str
    shown: str
    patience: float
    quiet_end: bool = False

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """Raises SourceUnreachable, when it is not there or in other hands, or Halted."""
        forward(Opening("camera", self.path, {"input_format": "mjpeg"}), pipe, halt, self.shown)


@dataclass(frozen=True)
class FileCamera:
    """A file that is played in real time, once or round and round."""

    path: str
    shown: str
    loops: bool
    patience: float = 0.0
    quiet_end: bool = True

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """Raises StreamOver at the end of the file, SourceUnreachable when it cannot be played, or Halted."""
        forward(Opening("file", self.path, loops=self.loops), pipe, halt, self.shown)
        raise StreamOver("the file has been played")


def device_of(url: str, devices: Mapping[str, str], patience: float) -> LiveSource:
    """The source behind `device:NAME`; raises SourceRefused for a name that the settings do not know."""
    name = url.removeprefix(SCHEME)
    target = devices.get(name)
    if target is None:
        raise SourceRefused(f"no camera is registered as {name!r}; name it in FRAMEWISE_DEVICES, as {name}=/dev/video0")
    for scheme, loops in ((FILE, False), (LOOP, True)):
        if target.startswith(scheme):
            return FileCamera(target.removeprefix(scheme), url, loops)
    return CameraSource(target, url, patience)
