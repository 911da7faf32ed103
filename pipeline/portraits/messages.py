"""Owns what goes over the pipes to the process that looks at pictures: a length, a head in JSON, then the picture."""

import struct
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from pipeline.contracts.results import Box
from pipeline.portraits.faces import Portrait

LENGTH = struct.Struct(">I")
MOST_BYTES = 64 * 2**20
"""More than any picture that is taken, or any answer."""


class _Message(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class Question(_Message):
    """A picture of so many bytes, which follow, and where in it to look."""

    picture_bytes: int
    box: Box | None = None


class Said(_Message):
    """What was found, or why nothing could be: `unreadable` blames the picture, `unavailable` the models.

    Once without either: that the models are loaded.
    """

    portrait: Portrait | None = None
    unreadable: str | None = None
    unavailable: str | None = None


def write(pipe: BinaryIO, message: Question | Said, after: bytes = b"") -> None:
    """Send a message and what follows it; raises BrokenPipeError when nobody reads any more."""
    head = message.model_dump_json().encode()
    pipe.write(LENGTH.pack(len(head)) + head + after)
    pipe.flush()


def read_head(pipe: BinaryIO) -> bytes:
    """The head of a message; raises EOFError when there is none any more."""
    (length,) = LENGTH.unpack(read_exactly(pipe, LENGTH.size))
    return read_exactly(pipe, length)


def read_exactly(pipe: BinaryIO, count: int) -> bytes:
    """So many bytes; raises EOFError."""
    if count > MOST_BYTES:
        raise EOFError(f"a message of {count} bytes")
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError("the other end has gone")
    return data
