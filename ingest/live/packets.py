"""Owns what a live source writes to the decoding child: one header, then packets as they come, on a pipe.

The header is a length (4 bytes, big endian), JSON, and the codec's own bytes (its length is in the JSON). A packet is
its presentation time and its decoding time (8 bytes each, in ticks of the header's time base), when it arrived
(8 bytes, microseconds since 1970), a length (4 bytes) and the bytes that the codec takes. No container is needed, so
nothing waits for one to fill a buffer.
"""

import json
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

from pipeline.contracts.errors import MediaError

LENGTH = struct.Struct(">I")
HEAD = struct.Struct(">qqqI")
UNTIMED = -(2**63)
MOST_HEADER = 1 << 16
MOST_CODEC_BYTES = 1 << 20
MOST_PACKET = 64 << 20


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What a decoder must know. `time_base` is seconds a tick, `aspect` a pixel's width by its height.

    `width`, `height` and `pixels` (FFmpeg's name of the format) are said of pictures that are not compressed.
    """

    codec: str
    time_base: Fraction = Fraction(1, 1_000_000)
    extradata: bytes = b""
    rate: float | None = None
    aspect: Fraction = Fraction(1)
    width: int = 0
    height: int = 0
    pixels: str | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes of one picture. Ticks of the time base, None where the source says none; `arrived_at` in microseconds."""

    data: bytes = field(repr=False)
    pts: int | None
    dts: int | None
    arrived_at: int


def write_header(pipe: BinaryIO, header: StreamHeader) -> None:
    """Say what follows; raises BrokenPipeError when nobody listens any more."""
    known = {
        "codec": header.codec,
        "time_base": str(header.time_base),
        "extradata": len(header.extradata),
        "rate": header.rate,
        "aspect": str(header.aspect),
        "width": header.width,
        "height": header.height,
        "pixels": header.pixels,
    }
    text = json.dumps(known).encode("ascii")
    pipe.write(LENGTH.pack(len(text)) + text + header.extradata)
    pipe.flush()


def write_packet(pipe: BinaryIO, packet: Packet) -> None:
    """Hand one picture over at once; blocks while the child is behind. Raises BrokenPipeError."""
    pts, dts = (UNTIMED if ticks is None else ticks for ticks in (packet.pts, packet.dts))
    pipe.write(HEAD.pack(pts, dts, packet.arrived_at, len(packet.data)) + packet.data)
    pipe.flush()


def read_header(source: BinaryIO) -> StreamHeader:
    """The header; raises MediaError when there is none, or none of ours."""
    length = _take(source, LENGTH.size)
    if length is None:
        raise MediaError("the source ended before its first picture")
    try:
        known = json.loads(_exactly(source, min(LENGTH.unpack(length)[0], MOST_HEADER)))
        return StreamHeader(
            str(known["codec"]),
            Fraction(known["time_base"]),
            _exactly(source, min(int(known["extradata"]), MOST_CODEC_BYTES)),
            known["rate"],
            Fraction(known["aspect"]),
            int(known["width"]),
            int(known["height"]),
            known["pixels"],
        )
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as e:
        raise MediaError("the source's description makes no sense") from e


def read_packet(source: BinaryIO) -> Packet | None:
    """The next packet; None at the end, also where it breaks off. Raises MediaError for one that is too large."""
    head = _take(source, HEAD.size)
    if head is None:
        return None
    pts, dts, arrived_at, size = HEAD.unpack(head)
    if size > MOST_PACKET:
        raise MediaError(f"a picture of {size} bytes is larger than any camera sends")
    data = _take(source, size)
    if data is None:
        return None
    return Packet(data, None if pts == UNTIMED else pts, None if dts == UNTIMED else dts, arrived_at)


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = _take(source, size)
    if data is None:
        raise MediaError("the source ended before its first picture")
    return data


def _take(source: BinaryIO, size: int) -> bytes | None:
    """So many bytes; None when the pipe ends before."""
    parts: list[bytes] = []
    while size > 0:
        part = source.read(size)
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
