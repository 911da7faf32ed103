"""Owns one clip as it is made: frames are read, handed to the process that encodes, and its file is taken."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from api.clips.messages import REQUEST, ClipRequest, PictureHead, write_picture
from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.contracts.settings import ROOT

MEMORY_BYTES = 3 * 2**30
MOST_BYTES = 2 * 2**30
CPU_SECONDS = 600
LEAST_FREE = 2**24
MOST_WORDS = 1 << 16
UNWANTED = "nobody waits for it any more"
PREFIX = "clip-"
ENVIRONMENT = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
COMMAND = (sys.executable, "-P", "-m", "api.clips.encoder")
logger = logging.getLogger(__name__)


class ClipFailed(StoreError):
    """A clip that could not be made."""

    type = "clip-failed"
    title = "The clip could not be made"


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a clip."""

    head: PictureHead
    jpeg: bytes


class Encoding:
    """Makes one file in a thread, with a child; `stop` may be called from any other thread."""

    def __init__(self, container: Literal["mp4", "mpegts"], rate: float, command: tuple[str, ...] = COMMAND) -> None:
        self._container: Literal["mp4", "mpegts"] = container
        self._rate = rate
        self._command = command
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """End it; `run` raises then."""
        with self._lock:
            self._stopped = True
            if self._child is not None:
                self._child.kill()

    def run(self, pictures: Iterable[Shown]) -> BinaryIO:
        """The file, open, with no name any more; raises ClipFailed, and what reading the pictures raises."""
        descriptor, name = tempfile.mkstemp(prefix=PREFIX)
        made = os.fdopen(descriptor, "rb")
        try:
            self._encode(name, pictures)
        except BaseException:
            made.close()
            raise
        finally:
            Path(name).unlink(missing_ok=True)
        return made

    def _encode(self, name: str, pictures: Iterable[Shown]) -> None:
        request = ClipRequest(name, self._container, self._rate, MEMORY_BYTES, MOST_BYTES, CPU_SECONDS)
        child = self._start(request)
        try:
            words = _feed(child, pictures)
            if self._stopped:
                raise ClipFailed(UNWANTED)
            if child.returncode:
                raise _failure(child.returncode, words, Path(name).parent)
        finally:
            _end(child)

    def _start(self, request: ClipRequest) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise ClipFailed(UNWANTED)
            self._child = subprocess.Popen(
                [*self._command, REQUEST.dump_json(request).decode(), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,  # a traceback at most, which fits into the pipe
                env=ENVIRONMENT,
                cwd=ROOT,
            )
            return self._child


def _feed(child: subprocess.Popen[bytes], pictures: Iterable[Shown]) -> bytes:
    """Hand the pictures over and wait for the end; the child's last words."""
    assert child.stdin is not None
    assert child.stderr is not None
    with suppress(BrokenPipeError):  # it has ended; its code and its words say why
        for picture in pictures:
            write_picture(child.stdin, picture.head, picture.jpeg)
        child.stdin.close()
    words = child.stderr.read(MOST_WORDS)
    child.wait()
    return words


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stderr):
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def _failure(code: int, words: bytes, folder: Path) -> StoreError:
    logger.warning("a clip could not be encoded: code %d, %r", code, words[-300:])
    if shutil.disk_usage(folder).free < LEAST_FREE:
        return DiskFull("there is no space left to make a clip; free some space")
    return ClipFailed("the frames could not be encoded; choose a shorter range, or try again later")


def clear_leftovers(folder: Path) -> None:
    """Remove what a service that was killed in the middle of a clip has left."""
    for left in folder.glob(f"{PREFIX}*"):
        left.unlink(missing_ok=True)
