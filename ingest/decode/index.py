"""Owns what a pass over a stream's packets says of its frames: when each is shown, and where decoding may begin.

Nothing is decoded. Only of a regular stream can it be said: there a packet is a frame, and whoever decodes
all of them gets as many frames, in the order of their times.
"""

from __future__ import annotations  # av's packets are generic for the type checker only

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ingest.decode.extent import Extent
from ingest.decode.starts import Starts

PROGRESSIVE = (0, 1)
"""FFmpeg's orders of fields that are none: unknown and progressive."""
MOST_PACKETS = 1_000_000
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """A regular stream's packets in order of decoding: their times, and the positions where decoding may begin.

    `flows`: decoding may go on there straight from elsewhere. `passes_over`: the decoder can be told to leave out
    what no other frame refers to.
    """

    pts: Numbers
    starts: Numbers
    flows: bool
    passes_over: bool

    def shown(self) -> Numbers:
        """The position of each frame's packet, in order of presentation."""
        return np.argsort(self.pts, kind="stable")


class Irregular(Exception):
    """The stream is not regular, or what was decoded shows that it is not; decode all of it."""


def survey(
    container: InputContainer, stream: VideoStream, until: Fraction, alive: Callable[[int], None]
) -> PacketIndex | None:
    """Read the packets up to `until` seconds after the first frame; None when the stream is not regular."""
    try:
        return _Survey(container, stream, until).index(alive)
    except Irregular:
        return None


@dataclass
class _Survey:
    container: InputContainer
    stream: VideoStream
    until: Fraction
    pts: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    _beyond: int | None = None

    def __post_init__(self) -> None:
        decoder = self.stream.codec_context
        self._starts = Starts(decoder)
        self._extent = Extent(self.container)
        if not self._starts.known or decoder.field_order not in PROGRESSIVE or not self.stream.time_base:
            raise Irregular

    def index(self, alive: Callable[[int], None]) -> PacketIndex:
        """The index; raises Irregular."""
        whole = self._read(alive)
        if not self.pts or (whole and self._extent.ends_early() is not None):
            raise Irregular
        found = PacketIndex(np.array(self.pts), np.array(self.starts), self._starts.flows, self._starts.passes_over)
        self._check(found)
        return found

    def _read(self, alive: Callable[[int], None]) -> bool:
        """Note the packets; whether the end was reached."""
        try:
            for packet in self.container.demux():
                self._extent.note(packet)
                if packet.stream_index == self.stream.index and not _is_end(packet):
                    self._note(packet)
                    if self._is_enough(packet):
                        return False
                alive(0)
        except EndOfFile:
            pass
        except FFmpegError as e:
            raise Irregular from e
        return True

    def _note(self, packet: Packet[Stream]) -> None:
        pts = packet.pts
        unsound = packet.is_corrupt or packet.is_discard or packet.size == 0 or packet.has_sidedata("new_extradata")
        if unsound or pts is None or (packet.dts is not None and packet.dts > pts) or len(self.pts) >= MOST_PACKETS:
            raise Irregular
        if packet.is_keyframe and self._starts.at(bytes(packet)):
            self.starts.append(len(self.pts))
        self.pts.append(pts)

    def _is_enough(self, packet: Packet[Stream]) -> bool:
        """Whether the first frame at or after `until` is known: nothing is shown before it is decoded."""
        assert packet.pts is not None
        if (packet.pts - self.pts[0]) * packet.time_base >= self.until:
            self._beyond = packet.pts if self._beyond is None else min(self._beyond, packet.pts)
        return self._beyond is not None and packet.dts is not None and packet.dts > self._beyond

    def _check(self, found: PacketIndex) -> None:
        """Raise Irregular unless times are unique and ordered as far as the decoder reorders, from a start on."""
        shown = found.shown()
        if shown[0] != 0 or len(found.starts) == 0 or found.starts[0] != 0:
            raise Irregular
        if len(shown) > 1 and np.diff(found.pts[shown]).min() <= 0:
            raise Irregular
        late = shown - np.arange(len(shown))
        if late.max() > self.stream.codec_context.reorder_depth:
            raise Irregular


def _is_end(packet: Packet[Stream]) -> bool:
    """Whether it is the empty packet after the last one."""
    return packet.size == 0 and packet.pts is None and packet.dts is None
