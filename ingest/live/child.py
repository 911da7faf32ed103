"""Owns the decoding child of a live source: `python -m ingest.live.child REQUEST PARENT`, packets on stdin."""

import sys
import time
from typing import BinaryIO

from ingest.decode.child import confined
from ingest.decode.messages import Decoded, DecodeRequest, write_message
from ingest.decode.pulse import SIGN_OF_LIFE
from ingest.sampling import Take
from pipeline.sandbox.sealing import seal


def decode(request: DecodeRequest, source: BinaryIO, pipe: BinaryIO) -> None:
    """Write what confines us, the probe, every sampled frame and the end of the connection; raises MediaError."""
    from ingest.live.session import LiveSession  # loads libraries: after `confine`, and before the files are closed

    write_message(pipe, seal())
    session = LiveSession(request, source)
    said = 0.0
    for number, media_time, take, frame, arrived_at in session.frames():
        if number == 1:
            write_message(pipe, session.probe(frame))
        if take is Take.YES:
            write_message(pipe, session.sampled(number, media_time, frame, arrived_at))
        if time.monotonic() - said > SIGN_OF_LIFE:
            write_message(pipe, Decoded(number, session.behind))
            said = time.monotonic()
    write_message(pipe, session.finished())


if __name__ == "__main__":
    sys.exit(confined(decode, *sys.argv[1:]))
