"""Publishes as people do, with ffmpeg, to a real RTMP server."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.contracts.errors import FramewiseError
from stack import rtmp
from stack.settings import StackSettings
from tests.waiting import wait_until

START_SECONDS = 20.0


@contextmanager
def rtmp_server(settings: StackSettings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The server of the local stack, ready; ended afterwards."""
    rtmp.prepare(settings)
    with log.open("wb") as written:
        process = subprocess.Popen(rtmp.command(settings), stdout=written, stderr=written)
    try:
        wait_until(lambda: _ready(settings), START_SECONDS, log.read_text)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _ready(settings: StackSettings) -> bool:
    try:
        return rtmp.ready(settings)
    except FramewiseError:  # not yet
        return False


@dataclass(frozen=True)
class Publisher:
    """An ffmpeg that publishes a clip over and over, at its own speed."""

    process: subprocess.Popen[bytes]
    log: Path

    def refused(self, seconds: float = 15.0) -> bool:
        """Whether it ended by itself, with an error."""
        return self.process.wait(seconds) != 0

    @property
    def running(self) -> bool:
        """Whether it still sends."""
        return self.process.poll() is None

    def freeze(self) -> None:
        """Keep the connection, and send nothing: as after the network was cut."""
        psutil.Process(self.process.pid).suspend()

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def publishing(
    clip: Path, address: str, folder: Path, seconds: int = 120, height: int = 240, rate: int = 15
) -> Iterator[Publisher]:
    """Publish, until the end of the block at the latest."""
    log = folder / f"ffmpeg-{time.monotonic_ns()}.log"
    command = [
        "ffmpeg",
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "warning",
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        str(clip),
    ]
    picture = ["-an", "-vf", f"scale=-2:{height}", "-r", str(rate), "-c:v", "libx264", "-preset", "ultrafast"]
    form = ["-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", str(rate), "-t", str(seconds), "-f", "flv", address]
    with log.open("wb") as written:
        process = subprocess.Popen([*command, *picture, *form], stdout=written, stderr=written)
    found = Publisher(process, log)
    try:
        yield found
    finally:
        if found.running:
            found.end()
