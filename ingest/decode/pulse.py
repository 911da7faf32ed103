"""Owns a decoder's signs of life: about once a second it says how far it has read."""

import time
from typing import BinaryIO

from ingest.decode.messages import Decoded, write_message

SIGN_OF_LIFE = 1.0


class Pulse:
    """Call it often, with the number of frames that have been passed; it writes when a second has gone by."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._said = time.monotonic()

    def __call__(self, frames: int) -> None:
        """Say it if it is time to."""
        if time.monotonic() - self._said > SIGN_OF_LIFE:
            write_message(self._pipe, Decoded(frames))
            self._said = time.monotonic()
