"""Owns what the service says to the process that encodes: one request, then pictures on a pipe.

A picture is the lengths of a head and a body (4 bytes each, big endian), the head (JSON) and the body (the JPEG).
"""

import struct
from dataclasses import dataclass
from typing import IO, Literal

from pydantic import TypeAdapter

from pipeline.contracts.results import Box, ResultRow

PREFIX = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """What shall be made: the file and its container, the pictures a second on average, and the limits."""

    path: str
    container: Literal["mp4", "mpegts"]
    rate: float
    memory_bytes: int
    max_bytes: int
    cpu_seconds: int


@dataclass(frozen=True, slots=True)
class PictureHead:
    """When a picture is shown and for how long (seconds), what is drawn on it and what is hidden before."""

    at: float
    seconds: float
    rows: tuple[ResultRow, ...] = ()
    hidden: tuple[Box, ...] = ()


REQUEST = TypeAdapter(ClipRequest)
HEAD = TypeAdapter(PictureHead)


def write_picture(pipe: IO[bytes], head: PictureHead, jpeg: bytes) -> None:
    """Hand one picture over; blocks while the other side encodes. Raises BrokenPipeError when it has ended."""
    text = HEAD.dump_json(head)
    pipe.write(PREFIX.pack(len(text), len(jpeg)) + text + jpeg)
    pipe.flush()


def read_picture(pipe: IO[bytes]) -> tuple[PictureHead, bytes] | None:
    """The next picture; None at the end."""
    prefix = pipe.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head, body = PREFIX.unpack(prefix)
    return HEAD.validate_json(pipe.read(head)), pipe.read(body)
