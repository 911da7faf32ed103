"""Owns asking the process that looks at pictures: started when needed, one picture at a time, ended when it hangs."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress

from pydantic import ValidationError

from pipeline.contracts.errors import TooManyRequests
from pipeline.contracts.results import Box
from pipeline.contracts.settings import ROOT
from pipeline.portraits.faces import PictureUnreadable, Portrait, PortraitsUnavailable
from pipeline.portraits.messages import MOST_BYTES, Question, Said, read_head, write

COMMAND = (sys.executable, "-P", "-m", "inference.portraits")
PASSED_ON = ("PATH", "HOME", "LANG", "FRAMEWISE_DATA_DIR", "FRAMEWISE_MIRROR", "FRAMEWISE_MODELS_DIR", "SSL_CERT_FILE")
"""What it may know of this process's surroundings: no secrets; with PROXIES what it needs to fetch weights."""
PROXIES = ("_proxy", "npm_config_", "pip_")
LOAD_SECONDS, READ_SECONDS = 240.0, 20.0
MOST_WAITING = 8
RETRY_AFTER_SECONDS = 5
MOST_PIXELS = 50_000_000

logger = logging.getLogger(__name__)


class ChildPortraits:
    """Portraits by a child process, which ends by itself when nobody asks for two minutes."""

    def __init__(
        self,
        command: tuple[str, ...] = COMMAND,
        load_seconds: float = LOAD_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._command = command
        self._load_seconds, self._read_seconds = load_seconds, read_seconds
        self._turn = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, picture: bytes, box: Box | None = None) -> Portrait:
        """The faces of a picture; waits for its turn, and for the models when they are not loaded yet."""
        if len(picture) >= MOST_BYTES:
            raise PictureUnreadable(f"the picture has more than {MOST_BYTES // 2**20} MiB")
        if not self._room.acquire(blocking=False):
            raise TooManyRequests(f"{MOST_WAITING} pictures of faces wait already; try again", RETRY_AFTER_SECONDS)
        try:
            with self._turn:
                return _judged(self._ask(picture, box))
        finally:
            self._room.release()

    def close(self) -> None:
        """End the child."""
        with self._turn:
            self._end()

    def _ask(self, picture: bytes, box: Box | None) -> Said:
        """What the child says; one that has ended meanwhile, as idle ones do, is started anew once."""
        question = Question(picture_bytes=len(picture), box=box)
        if self._child is None:
            self._start()
        try:
            try:
                return self._exchange(question, picture, self._read_seconds)
            except BrokenPipeError:
                self._end()
                self._start()
                return self._exchange(question, picture, self._read_seconds)
        except (OSError, EOFError, ValidationError) as e:
            code = self._end()
            logger.warning("the process that looks at pictures ended with %s: %s", code, e)
            raise PortraitsUnavailable("looking at this picture ended in an error; try another, or try again") from e

    def _start(self) -> None:
        self._child = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(os.environ), cwd=ROOT
        )
        try:
            said = self._exchange(None, b"", self._load_seconds)
        except (OSError, EOFError, ValidationError) as e:
            self._end()
            raise PortraitsUnavailable("the models that look at faces could not be loaded; the log says why") from e
        if said.unavailable:
            self._end()
            raise PortraitsUnavailable(said.unavailable)

    def _exchange(self, question: Question | None, picture: bytes, seconds: float) -> Said:
        """Ask if there is something to ask, and hear the answer. Who takes too long is ended, which is heard as EOF."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        limit = threading.Timer(seconds, child.kill)
        limit.daemon = True
        limit.start()
        try:
            if question is not None:
                write(child.stdin, question, picture)  # type: ignore[arg-type]
            return Said.model_validate_json(read_head(child.stdout))  # type: ignore[arg-type]
        finally:
            limit.cancel()

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return child.wait()


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the child."""
    known = {
        name: value
        for name, value in environment.items()
        if name in PASSED_ON or name.startswith("LC_") or any(part in name.lower() for part in PROXIES)
    }
    fixed = {"PYTHONPATH": str(ROOT), "OPENCV_IO_MAX_IMAGE_PIXELS": str(MOST_PIXELS), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return known | fixed


def _judged(said: Said) -> Portrait:
    if said.unreadable is not None:
        raise PictureUnreadable(said.unreadable)
    if said.portrait is None:
        raise PortraitsUnavailable(said.unavailable or "nothing was said of the picture")
    return said.portrait
