"""Owns the transport child as its parent sees it: started, told what to open, ended, its last words understood."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ingest.decode.spawning import ENVIRONMENT
from ingest.halt import Halt
from ingest.live.opening import Opening
from pipeline.contracts.errors import SourceUnreachable

TRANSPORT = (sys.executable, "-P", "-m", "ingest.live.transport")
LISTEN = 0.1
SAID = 4096


def forward(opening: Opening, pipe: BinaryIO, halt: Halt, shown: str) -> None:
    """Have a child write the packets of a source to the pipe, until one of them ends.

    Raises SourceUnreachable, in which the source is called `shown`, or Halted.
    """
    with running(opening, pipe) as child:
        while True:
            try:
                child.wait(LISTEN)
                break
            except subprocess.TimeoutExpired:
                halt.check()
        if child.returncode:
            raise SourceUnreachable(f"{shown}: {_last_words(child) or 'the connection broke'}")


@contextmanager
def running(opening: Opening, pipe: BinaryIO) -> Iterator["subprocess.Popen[bytes]"]:
    """The child, which is gone at the end. It inherits the descriptor that it shall read from."""
    child = subprocess.Popen(
        [*TRANSPORT, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=pipe.fileno(),
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        pass_fds=[opening.descriptor] if opening.descriptor >= 0 else [],
    )
    try:
        assert child.stdin is not None
        child.stdin.write(opening.to_line())
        child.stdin.close()
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stderr is not None
        child.stderr.close()


def _last_words(child: "subprocess.Popen[bytes]") -> str:
    assert child.stderr is not None
    said = child.stderr.read(SAID).decode(errors="replace").strip()
    return said.splitlines()[-1] if said else ""
