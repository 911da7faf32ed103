"""Owns the decoding loop: packets to frames, and what is left out on the way."""

from __future__ import annotations  # av's packets are generic for the type checker only

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ingest.decode.clock import MediaClock
from ingest.decode.extent import Extent
from ingest.decode.streams import Described
from pipeline.contracts.errors import MediaError


@dataclass
class Reading:
    """One pass through a stream; iterate `frames` once. Damage is counted, what still decodes is kept."""

    container: InputContainer
    stream: VideoStream
    header: Described
    max_pixels: int
    clock: MediaClock
    decoded: int = 0
    damaged_packets: int = 0
    marked_corrupt: int = 0
    broke_off: bool = False

    def __post_init__(self) -> None:
        self._extent = Extent(self.container)

    def frames(self) -> Iterator[tuple[int, Fraction, VideoFrame]]:
        """Frame number (1-based), media time and frame, in order of presentation."""
        for packet in self._packets():
            for frame in self._decode(packet):
                check_size(frame, self.max_pixels)
                self.decoded += 1
                self.marked_corrupt += frame.is_corrupt
                yield self.decoded, self.clock.at(frame.pts), frame

    def _packets(self) -> Iterator[Packet[Stream]]:
        packets = self.container.demux()
        while True:
            try:
                packet = next(packets, None)
            except EndOfFile:
                return
            except FFmpegError as e:
                _not_for_memory(e)
                self.broke_off = True
                return
            if packet is None:
                return
            self._extent.note(packet)
            if packet.stream.index == self.stream.index:
                yield packet

    def _decode(self, packet: Packet[Stream]) -> list[VideoFrame]:
        try:
            return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except EndOfFile:
            return []
        except FFmpegError as e:
            _not_for_memory(e)
            self.damaged_packets += 1
            return []

    def warnings(self, to_the_end: bool) -> list[str]:
        """What a person should know of the file, as far as it was read."""
        promised = f" of {self.header.frames} that the header promises" if self.header.frames and to_the_end else ""
        found = f"{self.decoded} frames{promised} could be decoded"
        said = []
        if self.damaged_packets or self.broke_off:
            where = f"{self.damaged_packets} damaged packets were left out" if self.damaged_packets else "it breaks off"
            said.append(f"the file is damaged: {where}; {found}")
        elif to_the_end and (seconds := self._extent.ends_early()) is not None:
            said.append(f"the file is cut off: it ends after {float(seconds):.2f} s; {found}")
        if self.marked_corrupt:
            said.append(f"{self.marked_corrupt} frames are marked as damaged by the decoder and may look wrong")
        return said


def clock_of(stream: VideoStream, header: Described) -> MediaClock:
    """The clock that gives the frames of a stream their media times."""
    return MediaClock(Fraction(stream.time_base or header.frame_seconds), header.frame_seconds)


def check_size(frame: VideoFrame, max_pixels: int) -> None:
    """Raise MediaError when a frame is larger than allowed."""
    if frame.width * frame.height > max_pixels:
        raise MediaError(
            f"frames of {frame.width}×{frame.height} have more pixels than the cap of {max_pixels} "
            "(FRAMEWISE_MAX_PIXELS)"
        )


def _not_for_memory(error: FFmpegError) -> None:
    if error.errno == 12:
        raise MemoryError from error
