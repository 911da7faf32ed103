"""Owns what parent and child say to each other: one request, then framed messages on a pipe.

A message is a kind (1 byte), the lengths of a head and a body (4 bytes each, big endian), the head (JSON, ASCII)
and the body (a JPEG, or nothing). Nothing that a file holds can end a message early.
"""

import json
import struct
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, BinaryIO

from pipeline.contracts.errors import MediaError
from pipeline.contracts.videos import Sampling
from pipeline.sandbox.confinement import Confinement

PREFIX = struct.Struct(">BII")
MAX_HEAD = 1 << 16
MAX_BODY = 1 << 26


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """What the child shall do. Bytes, seconds and pixels; `threads` are the decoder's.

    Frames up to `published_through` are decoded and counted, but come without a JPEG.
    """

    sampling: Sampling
    frame_height: int
    jpeg_quality: int
    max_frame_bytes: int
    max_pixels: int
    max_duration: float
    memory_bytes: int
    published_through: int = 0
    threads: int = 2

    def to_json(self) -> str:
        """The request as one argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "DecodeRequest":
        """The request of an argument."""
        known = json.loads(text)
        return cls(**known | {"sampling": Sampling(**known["sampling"])})


@dataclass(frozen=True, slots=True)
class Probe:
    """What the file says of itself. `width` and `height` are the upright frame's; seconds, frames a second."""

    container: str
    codec: str
    stream_index: int
    width: int
    height: int
    duration: float | None
    fps: float | None


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """A sampled frame; `jpeg` is empty when it had been published before. `media_time` is seconds.

    `captured_at` is known of frames that were captured live; no decoder says it, only when the frame's bytes came:
    `arrived_at`, seconds since 1970.
    """

    frame_number: int
    media_time: float
    width: int
    height: int
    jpeg: bytes
    captured_at: datetime | None = None
    arrived_at: float | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A sign of life, about once a second: how many frames have been decoded.

    `behind` is how many seconds the last one waited for the decoder, of a live source.
    """

    frames_decoded: int
    behind: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. `duration` is measured: seconds from the first frame to the end of the last one decoded."""

    frames_decoded: int
    frames_sampled: int
    last_frame_number: int
    duration: float
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The end, without success: why the file cannot be used, for a person."""

    detail: str


Message = Confinement | Probe | SampledFrame | Decoded | Finished | Unreadable
KINDS: tuple[type[Message], ...] = (Confinement, Probe, SampledFrame, Decoded, Finished, Unreadable)


def write_message(pipe: BinaryIO, message: Message) -> None:
    """Write one message; blocks while the pipe is full, which is how the parent holds the child back."""
    body = message.jpeg if isinstance(message, SampledFrame) else b""
    values = {f.name: getattr(message, f.name) for f in fields(message) if f.name != "jpeg"}
    head = json.dumps(values).encode("ascii")
    pipe.write(PREFIX.pack(KINDS.index(type(message)), len(head), len(body)) + head)
    pipe.write(body)
    pipe.flush()


def sizes(prefix: bytes) -> tuple[int, int, int]:
    """Kind, head and body length of a message; raises MediaError when no child of ours would say so."""
    kind, head, body = PREFIX.unpack(prefix)
    if kind >= len(KINDS) or head > MAX_HEAD or body > MAX_BODY:
        raise MediaError("the decoder gave an answer that makes no sense; the file may be made to break it")
    return kind, head, body


def parse(kind: int, head: bytes, body: bytes) -> Message:
    """The message of its parts; raises MediaError."""
    try:
        values: dict[str, Any] = json.loads(head)
        if KINDS[kind] is SampledFrame:
            values["jpeg"] = body
        return KINDS[kind](**values)
    except (ValueError, TypeError) as e:
        raise MediaError("the decoder gave an answer that makes no sense; the file may be made to break it") from e
