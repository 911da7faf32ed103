"""Owns the bytes that have come through a pipe and were not taken yet."""

import fcntl
import os

ROOM = 1 << 20
"""Of the pipe, where the system allows it, and of what is read from it at a time."""


class Inbox:
    """Reads as much as there is into one place, from which pieces are copied once."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._space = bytearray(ROOM)
        self._begin = self._end = 0
        widen(pipe)

    def __len__(self) -> int:
        """How many bytes are there."""
        return self._end - self._begin

    def receive(self, wanted: int) -> int:
        """Read what has come, of a piece of so many bytes and what follows; 0 when nothing more will come."""
        if wanted > len(self._space) - self._begin:
            self._move(wanted)
        with memoryview(self._space) as space:
            read = os.readv(self._pipe, [space[self._end :]])
        self._end += read
        return read

    def _move(self, wanted: int) -> None:
        """Make room for a piece that begins where the last one ended."""
        kept = self._space[self._begin : self._end]
        if wanted > len(self._space):
            self._space = bytearray(wanted)
        self._space[: len(kept)] = kept
        self._begin, self._end = 0, len(kept)

    def take(self, size: int) -> bytes:
        """The next bytes; there are so many."""
        with memoryview(self._space) as space:
            taken = bytes(space[self._begin : self._begin + size])
        self._begin += size
        if self._begin == self._end:
            self._begin = self._end = 0
        return taken


def widen(pipe: int) -> None:
    """Let a pipe hold more, so that who writes is interrupted less; what a system refuses stays as it is."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)
    except (OSError, AttributeError):  # a user's pipes have a limit in all; not on Linux
        return
