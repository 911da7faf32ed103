"""Owns the decoding child: `python -m ingest.decode.child REQUEST PARENT`, source on stdin, messages on stdout."""

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from ingest.decode.limits import confine
from ingest.decode.messages import DecodeRequest, Unreadable, write_message
from ingest.decode.pulse import Pulse
from ingest.sampling import Take
from pipeline.contracts.errors import MediaError
from pipeline.priority import give_way
from pipeline.sandbox.sealing import seal

NO_MEMORY = "decoding needs more memory than FRAMEWISE_DECODE_MEMORY_BYTES allows"


def confined(decode: Callable[[DecodeRequest, BinaryIO, BinaryIO], None], request_json: str, parent: str) -> int:
    """Limit this process, then decode from stdin; how it went is the last message. `decode` seals it."""
    request = DecodeRequest.from_json(request_json)
    source, pipe = _own_files()
    confine(request.memory_bytes, request.max_duration, int(parent))
    try:
        decode(request, source, pipe)
    except MediaError as e:
        write_message(pipe, Unreadable(str(e)))
    except MemoryError:
        write_message(pipe, Unreadable(NO_MEMORY))
    return 0


def _own_files() -> tuple[BinaryIO, BinaryIO]:
    """Source and pipe on descriptors of their own: what a library reads or prints cannot reach them."""
    source = os.fdopen(os.dup(0), "rb")
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return source, pipe


def decode(request: DecodeRequest, source: BinaryIO, pipe: BinaryIO) -> None:
    """Write what confines us, the probe, every sampled frame and the end to the pipe; raises MediaError.

    It is of a file, which gives way to what is live.
    """
    give_way()
    from ingest.decode.session import Session  # loads libraries: after `confine`, and before the files are closed

    write_message(pipe, seal())
    session = Session(request, source, Pulse(pipe))
    write_message(pipe, session.probe())
    for number, media_time, take, frame in session.frames():
        if take is Take.YES:
            write_message(pipe, session.sampled(number, media_time, frame))
    write_message(pipe, session.finished())


if __name__ == "__main__":
    sys.exit(confined(decode, *sys.argv[1:]))
