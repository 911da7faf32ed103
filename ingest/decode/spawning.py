"""Owns how a decoding child comes to be, and the simplest way: a program started anew."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import IO, Protocol

from ingest.decode.messages import DecodeRequest
from pipeline.contracts.settings import ROOT

CHILD = (sys.executable, "-P", "-m", "ingest.decode.child")
ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # numpy's, which would start threads: a process that has some cannot leave the network
}


class Child(Protocol):
    """A process that decodes. What it says is read from `stdout`."""

    stdout: IO[bytes] | None

    @property
    def pid(self) -> int:
        """Its process id."""

    def kill(self) -> None:
        """End it now; may be said of one that has ended."""

    def wait(self) -> int:
        """Its exit code, negative for a signal, once it has ended."""


Spawn = Callable[[DecodeRequest, int, int], Child]
"""Starts a child for a request, which gets copies of two descriptors: its source, and where it complains."""


def started_anew(command: Sequence[str] = CHILD) -> Spawn:
    """Each child a program of its own."""

    def start(request: DecodeRequest, source: int, complaints: int) -> Child:
        return subprocess.Popen(
            [*command, request.to_json(), str(os.getpid())],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=0,
            env=ENVIRONMENT,
        )

    return start
