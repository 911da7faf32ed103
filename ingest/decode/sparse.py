"""Owns decoding of the wanted frames alone, of a regular stream: the same numbers, times and pixels as from all."""

from __future__ import annotations  # av's packets are generic for the type checker only

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ingest.decode.choice import Choice
from ingest.decode.clock import MediaClock
from ingest.decode.course import HELP, LEAVE, Course, course
from ingest.decode.index import Irregular, PacketIndex
from ingest.decode.reader import check_size
from ingest.sampling import Take


@dataclass
class Timetable:
    """Which frames are sampled, with their media times by number; `read` is how many were looked at."""

    times: dict[int, Fraction] = field(default_factory=dict)
    read: int = 0

    @classmethod
    def of(cls, index: PacketIndex, clock: MediaClock, choice: Choice, alive: Callable[[int], None]) -> Timetable:
        """Ask the choice about each frame that the index has."""
        found = cls()
        for pts in index.pts[index.shown()].tolist():
            found.read += 1
            media_time = clock.at(pts)
            take = choice.take(media_time)
            if take is Take.END:
                break
            if take is Take.YES:
                found.times[found.read] = media_time
            alive(0)
        return found


class SparseReading:
    """One pass over a container that was surveyed before; raises Irregular when it finds what was not foreseen."""

    def __init__(self, container: InputContainer, stream: VideoStream, index: PacketIndex, max_pixels: int) -> None:
        self._container = container
        self._stream = stream
        self._index = index
        self._max_pixels = max_pixels

    def frames(self, wanted: Iterable[int], alive: Callable[[int], None]) -> Iterator[tuple[int, VideoFrame]]:
        """The frames of these numbers (ascending), with their numbers; `alive` gets each packet's position."""
        numbers = list(wanted)
        expected = iter(numbers)
        for number, frame in self._decoded(course(self._index, numbers), alive):
            if number != next(expected, None) or frame.is_corrupt:
                raise Irregular
            yield number, frame
        if next(expected, None) is not None:
            raise Irregular

    def _decoded(self, way: Course, alive: Callable[[int], None]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames, by their times."""
        for frame in self._decode(way, alive):
            check_size(frame, self._max_pixels)
            number = None if frame.pts is None else way.numbers.get(frame.pts)
            if number is not None:
                yield number, frame

    def _decode(self, way: Course, alive: Callable[[int], None]) -> Iterator[VideoFrame]:
        decoder = self._stream.codec_context
        try:
            for position, (packet, use) in enumerate(zip(self._packets(), way.packets, strict=False)):
                alive(position)
                if use == LEAVE:
                    continue
                if position in way.jumps and not self._index.flows:
                    yield from decoder.decode(None)
                    decoder.flush_buffers()
                decoder.skip_frame = "NONREF" if use == HELP and self._index.passes_over else "DEFAULT"
                yield from decoder.decode(packet)
            yield from decoder.decode(None)
        except FFmpegError as e:
            if e.errno == 12:
                raise MemoryError from e
            raise Irregular from e

    def _packets(self) -> Iterator[Packet[Stream]]:
        return (packet for packet in self._container.demux() if packet.stream_index == self._stream.index)
