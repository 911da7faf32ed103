"""Owns the JPEG of a picture that came in another form or is too large, made in a process of its own."""

import subprocess
import sys
import threading
from typing import IO, Protocol

from connectors.pictures.encoder_child import ANSWER, ASK
from connectors.pictures.whole import Picture
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.settings import ROOT

PATIENCE = 20.0
"""Seconds for one picture, the start of the process included."""
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1"}


class Encoder(Protocol):
    """Makes JPEGs. For one thread at a time."""

    def jpeg(self, picture: Picture, most: int) -> bytes:
        """The picture as a JPEG of at most `most` bytes: its own bytes where they are that already.

        Raises RecordInvalid when it cannot be decoded.
        """

    def close(self) -> None:
        """Give back what it holds."""


class ChildEncoder:
    """Decodes in a child with limits, so that a harmful picture ends the child and not the door."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None

    def jpeg(self, picture: Picture, most: int) -> bytes:
        if picture.form == "jpeg" and len(picture.data) <= most:
            return picture.data
        answer = self._ask(picture.data, most)
        if not answer:
            raise RecordInvalid(f"the picture cannot be decoded, although it looks like a whole {picture.form.upper()}")
        return answer

    def _ask(self, data: bytes, most: int) -> bytes:
        """The child's answer; b"" when it ended over this picture, or took too long."""
        child = self._running()
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018 - for the type checker
        limit = threading.Timer(self._patience, child.kill)
        limit.start()
        try:
            child.stdin.write(ASK.pack(len(data), most) + data)
            child.stdin.flush()
            return _answer(child.stdout)
        except (BrokenPipeError, EOFError):
            self.close()  # it may not have ended quite yet, and the next picture must not be asked of it
            return b""
        finally:
            limit.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [sys.executable, "-m", "connectors.pictures.encoder_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
        return self._child

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what it had not read when it ended
                    continue


def _answer(child: IO[bytes]) -> bytes:
    """What the child says; raises EOFError when it ends before it has said everything."""
    head = child.read(ANSWER.size)
    size = ANSWER.unpack(head)[0] if len(head) == ANSWER.size else 1
    if len(answer := child.read(size)) < size:
        raise EOFError
    return answer
