"""Owns what the older messages may hold as a picture: Base64 of one whole JPEG or PNG, by its content and size."""

import base64
import binascii
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from pipeline.contracts.errors import FrameUnreadable, RecordInvalid
from pipeline.contracts.jpegs import jpeg_size

JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
PNG_START = b"\x89PNG\r\n\x1a\n"
CHUNK = struct.Struct(">I4s")
CHECKSUM_BYTES = 4
DATA_URL = re.compile(r"data:image/[a-z+.-]{1,20};base64,")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken: bytes of a picture, and its pixels."""

    bytes: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture that is whole as far as can be told without decoding it; `form` is `jpeg` or `png`."""

    data: bytes = field(repr=False)
    form: str


def read_picture(value: Any, limits: Limits) -> Picture:
    """The picture; raises RecordInvalid with what is wrong. What is too large is not even decoded from Base64."""
    if not isinstance(value, str):
        raise RecordInvalid("image is not a text, Base64 of a JPEG or PNG is expected")
    data = _decoded(value, limits.bytes)
    form, (width, height) = _measured(data)
    if not 0 < width * height <= limits.pixels:
        raise RecordInvalid(f"the picture has {width}×{height} pixels, {limits.pixels} at most are taken")
    return Picture(data, form)


def _decoded(text: str, most: int) -> bytes:
    if len(text) > most * 3 // 2 + 100:  # Base64 is 4/3 of the bytes; line ends come to it
        raise RecordInvalid(f"image has {len(text)} characters; a picture may have {most} bytes")
    if head := DATA_URL.match(text):
        text = text[head.end() :]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as e:
        raise RecordInvalid(f"image is not Base64: {e}") from e
    if len(data) > most:
        raise RecordInvalid(f"the picture has {len(data)} bytes, {most} at most are taken")
    return data


def _measured(data: bytes) -> tuple[str, tuple[int, int]]:
    if data.startswith(JPEG_START):
        return "jpeg", _whole_jpeg(data)
    if data.startswith(PNG_START):
        return "png", _whole_png(data)
    raise RecordInvalid(f"image is neither a JPEG nor a PNG: it begins with {data[:8].hex(' ') or 'nothing'}")


def _whole_jpeg(data: bytes) -> tuple[int, int]:
    if not data.rstrip(b"\0").endswith(JPEG_END):
        raise RecordInvalid("the JPEG is cut off: its end marker is missing")
    try:
        return jpeg_size(data)
    except FrameUnreadable as e:
        raise RecordInvalid(str(e)) from e


def _whole_png(data: bytes) -> tuple[int, int]:
    """(width, height) of a PNG whose chunks are all there with the right checksums (PNG specification, 5.3)."""
    size, at, name = (0, 0), len(PNG_START), b""
    while name != b"IEND":
        if at + CHUNK.size > len(data):
            raise RecordInvalid("the PNG is cut off: its last chunk is missing")
        length, name = CHUNK.unpack_from(data, at)
        end = at + CHUNK.size + length
        if data[end : end + CHECKSUM_BYTES] != zlib.crc32(data[at + 4 : end]).to_bytes(4):
            raise RecordInvalid(f"the PNG is cut off or damaged in its chunk at byte {at}")
        if name == b"IHDR" and length == 13:
            size = struct.unpack_from(">II", data, at + CHUNK.size)
        at = end + CHECKSUM_BYTES
    return size
