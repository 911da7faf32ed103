"""Owns whether bytes are one whole JPEG or PNG, by their content and size, without decoding them."""

import struct
import zlib
from dataclasses import dataclass, field

from pipeline.contracts.errors import FrameUnreadable, RecordInvalid
from pipeline.contracts.jpegs import jpeg_size

JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
PNG_START = b"\x89PNG\r\n\x1a\n"
CHUNK = struct.Struct(">I4s")
CHECKSUM_BYTES = 4


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


def whole_picture(data: bytes, limits: Limits) -> Picture:
    """The picture; raises RecordInvalid with what is wrong."""
    if len(data) > limits.bytes:
        raise RecordInvalid(f"the picture has {len(data)} bytes, {limits.bytes} at most are taken")
    form, (width, height) = _measured(data)
    if not 0 < width * height <= limits.pixels:
        raise RecordInvalid(f"the picture has {width}×{height} pixels, {limits.pixels} at most are taken")
    return Picture(data, form)


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
