"""Owns how the transport child opens a stream, confines itself, and reads packets of its video."""

import os
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer

from ingest.decode.content import AUDIO_ONLY, CONTAINERS
from ingest.decode.streams import choose
from ingest.live.opening import Opening
from ingest.live.packets import Packet, StreamHeader
from pipeline.sandbox.sealing import ALL_BUT_NETWORK, seal

BLOCK = 1 << 16


class _Bytes:
    """A descriptor that is read as it fills: no one waits for a full buffer. It cannot go back."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, size: int = -1) -> bytes:
        return os.read(self._descriptor, min(size, BLOCK) if size > 0 else BLOCK)


def opened(opening: Opening) -> InputContainer:
    """The container, in a process that is confined as far as it can be; raises FFmpegError or OSError."""
    if opening.kind == "net":
        seal(ALL_BUT_NETWORK)
        container: Any = av.open(opening.target, options=opening.options, timeout=(10.0, None))
    elif opening.kind == "camera":
        container = av.open(opening.target, format="v4l2", options=opening.options)
        seal()
    elif opening.kind == "file":
        file = Path(opening.target).open("rb")  # noqa: SIM115 - it is read until this process ends
        seal()
        container = _from(file, opening)
    else:
        seal()
        container = _from(_Bytes(opening.descriptor), opening)
    return cast(InputContainer, container)


def _from(file: Any, opening: Opening) -> Any:
    return av.open(
        file,
        mode="r",
        metadata_errors="replace",
        io_open=_refuse,
        options=opening.options,
        container_options={
            "format_whitelist": ",".join(CONTAINERS + AUDIO_ONLY),
            "protocol_whitelist": "none",
        },
    )


def _refuse(url: str, flags: int, options: dict[str, Any]) -> None:
    raise PermissionError("a stream may not open another")


def again(opening: Opening, container: InputContainer) -> InputContainer:
    """The same file from its beginning."""
    container.seek(0)
    return container


def described(container: InputContainer) -> StreamHeader:
    """What a decoder must know of the stream's video; raises MediaError when it has none."""
    stream = choose(container)
    context = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate
    raw = context.name == "rawvideo"
    return StreamHeader(
        context.codec.canonical_name,
        Fraction(stream.time_base or Fraction(1, 1000)),
        bytes(context.extradata or b""),
        float(rate) if rate and 0 < rate <= 1000 else None,
        Fraction(stream.sample_aspect_ratio or 1),
        context.width if raw else 0,
        context.height if raw else 0,
        context.pix_fmt if raw else None,
    )


def packets(container: InputContainer) -> Iterator[Packet]:
    """The packets of that stream, each with the time at which it was read."""
    stream = choose(container)
    for packet in container.demux(stream):
        if packet.size:
            yield Packet(bytes(packet), packet.pts, packet.dts, time.time_ns() // 1000)
