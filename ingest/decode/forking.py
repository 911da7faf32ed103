"""Owns decoding children that are forked from a process that has their libraries loaded: see `preloaded`."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from ingest.decode.messages import DecodeRequest
from ingest.decode.spawning import ENVIRONMENT, Child
from pipeline.contracts.errors import StoreUnavailable

PRELOADED = (sys.executable, "-P", "-m", "ingest.decode.preloaded")
MOST_BYTES = 1 << 16
"""Of a request."""
RIGHTS = 4
"""Descriptors that come with one."""
NUMBER = struct.Struct("=i")
"""A child's id, and later its exit code, as they are told."""
END_SECONDS = 5.0


class ForkedChild:
    """A child of the preloaded process; `control` tells its id and its end, and kills it by being closed."""

    def __init__(self, stdout: IO[bytes], control: socket.socket) -> None:
        self.stdout: IO[bytes] | None = stdout
        self._control = control
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """Its process id; waits until it has begun."""
        if self._pid is None:
            self._pid = self._told()
        return self._pid

    def kill(self) -> None:
        """End it now."""
        if self._code is None:
            self._control.shutdown(socket.SHUT_WR)

    def wait(self) -> int:
        """Its exit code. Raises StoreUnavailable, once, where it ended with its parent: no fault of the file."""
        if self._code is None:
            try:
                self._code = self._told() if self.pid else 0
            except OSError as e:
                self._code = -signal.SIGKILL
                raise StoreUnavailable(f"the decoder has ended: {e}") from e
            finally:
                self._control.close()
        return self._code

    def _told(self) -> int:
        said = self._control.recv(NUMBER.size)
        if len(said) != NUMBER.size:
            raise ChildProcessError("the process that starts decoders was killed")
        number: int = NUMBER.unpack(said)[0]
        return number


class Forking:
    """Forks children from a process that it keeps, and starts again when that has ended. Safe for threads."""

    def __init__(self, command: Sequence[str] = PRELOADED) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def start(self) -> None:
        """Have the process; it loads its libraries while others go on. Requests wait for that."""
        with self._lock:
            self._process()

    def __call__(self, request: DecodeRequest, source: int, complaints: int) -> Child:
        """A child. Raises StoreUnavailable when there can be none: the video is put off."""
        listening, telling = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        try:
            self._ask(request.to_json().encode(), [source, writing, complaints, telling.fileno()])
        except OSError as e:
            os.close(reading)
            listening.close()
            raise StoreUnavailable(f"the process that starts decoders does not answer: {e}") from e
        finally:
            os.close(writing)
            telling.close()
        return ForkedChild(os.fdopen(reading, "rb", buffering=0), listening)

    def _ask(self, request: bytes, given: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._process(), [request], given)
            except (BrokenPipeError, ConnectionResetError):  # it died at this moment
                self._end()
                socket.send_fds(self._process(), [request], given)

    def _process(self) -> socket.socket:
        if self._running is not None and self._running[0].poll() is not None:
            self._end()
        if self._running is None:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its:
                process = subprocess.Popen(
                    self._command, stdin=its.fileno(), stdout=subprocess.DEVNULL, env=ENVIRONMENT
                )
            self._running = process, ours
        return self._running[1]

    def _end(self) -> None:
        if self._running is None:
            return
        process, requests = self._running
        self._running = None
        requests.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End the process, and with it any child that is left."""
        with self._lock:
            self._end()
