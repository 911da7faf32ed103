"""Owns one decoding: what is told at its start, of each sampled frame, and at its end."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import BinaryIO

import av.logging
import cv2
from av.video.frame import VideoFrame

from ingest.decode import streams
from ingest.decode.choice import Choice, is_sparse, read_until
from ingest.decode.content import open_container
from ingest.decode.index import Irregular, PacketIndex, survey
from ingest.decode.messages import DecodeRequest, Finished, Probe, SampledFrame
from ingest.decode.picture import Encoder
from ingest.decode.reader import Reading, clock_of
from ingest.decode.sparse import SparseReading, Timetable
from ingest.sampling import Take
from pipeline.contracts.errors import MediaError

Step = tuple[int, Fraction, Take, VideoFrame | None]


class Session:
    """Decodes one source; raises MediaError when it is not a video that can be read.

    Frames that are not wanted are not decoded where much lies between those that are, and the stream is regular.
    `alive` is called often, with the number of frames that have been passed.
    """

    def __init__(self, request: DecodeRequest, source: BinaryIO, alive: Callable[[int], None]) -> None:
        av.logging.set_level(None)  # a thread that logs would wait for Python, which waits for it in freeing a decoder
        cv2.setNumThreads(1)
        self._request = request
        self._source = source
        self._alive = alive
        self._encoder = Encoder(request.frame_height, request.jpeg_quality, request.max_frame_bytes)
        self._sampled = self._last_sampled = 0
        self._open()
        self._aspect = streams.pixel_aspect(self._stream)
        self._steps = self._sparsely() if is_sparse(request, self._header.usual_rate) else self._wholly()
        self._first = next(self._steps, None)

    def _open(self) -> None:
        """Begin at the start of the source, with nothing chosen."""
        self._source.seek(0)
        self._container = open_container(self._source)
        self._stream = streams.choose(self._container)
        streams.prepare(self._stream, self._request.threads, self._request.max_pixels)
        self._header = streams.described(self._container, self._stream)
        self._choice = Choice(self._request)
        self._clock = clock_of(self._stream, self._header)
        self._reading: Reading | None = None
        self._read = 0

    def _again(self) -> None:
        self._container.close()
        self._open()

    def probe(self) -> Probe:
        """What the file says of itself; raises MediaError when no frame can be decoded."""
        if self._first is None or self._first[3] is None:
            raise MediaError(
                "no frame of the file can be decoded: it is damaged, or a frame needs more memory than "
                "FRAMEWISE_DECODE_MEMORY_BYTES allows"
            )
        frame = self._first[3]
        width, height = self._encoder.turn(frame).size(frame.width, frame.height)
        duration, rate = self._header.duration, self._header.rate
        return Probe(
            container=self._container.format.name,
            codec=streams.codec_name(self._stream),
            stream_index=self._stream.index,
            width=width,
            height=height,
            duration=float(duration) if duration else None,
            fps=float(rate) if rate else None,
        )

    def frames(self) -> Iterator[Step]:
        """Frames with number, media time and what becomes of them: the first, all that are sampled, maybe others.

        They come in order. A frame that had been published before may come without its picture.
        """
        assert self._first is not None
        yield self._first
        yield from self._steps

    def _wholly(self) -> Iterator[Step]:
        """Every frame, up to the end of what is wanted; those that were given before come as not sampled."""
        given = self._last_sampled
        self._reading = Reading(self._container, self._stream, self._header, self._request.max_pixels, self._clock)
        for number, media_time, frame in self._reading.frames():
            self._read = number
            self._alive(number)
            take = self._choice.take(media_time)
            if take is Take.END:
                return
            yield number, media_time, take if number > given else Take.NO, frame

    def _sparsely(self) -> Iterator[Step]:
        """The first frame and those that are sampled; every frame when the stream turns out not to be regular."""
        index = survey(self._container, self._stream, read_until(self._request), self._alive)
        self._again()
        if index is not None:
            try:
                yield from self._chosen(index)
            except Irregular:
                self._again()
            else:
                return
        yield from self._wholly()

    def _chosen(self, index: PacketIndex) -> Iterator[Step]:
        table = Timetable.of(index, self._clock, self._choice, self._alive)
        self._read = table.read
        published = [number for number in table.times if number <= self._request.published_through]
        wanted = [1, *(number for number in table.times if number > max(1, self._request.published_through))]
        reading = SparseReading(self._container, self._stream, index, self._request.max_pixels)
        for number, frame in reading.frames(wanted, self._alive):
            yield number, table.times.get(number, Fraction(0)), Take.YES if number in table.times else Take.NO, frame
            if number == 1:
                yield from ((n, table.times[n], Take.YES, None) for n in published if n > 1)

    def sampled(self, number: int, media_time: Fraction, frame: VideoFrame | None) -> SampledFrame:
        """The message of a sampled frame; without a picture if it had been published before."""
        self._sampled, self._last_sampled = self._sampled + 1, number
        if frame is None or number <= self._request.published_through:
            return SampledFrame(number, float(media_time), 0, 0, b"")
        jpeg, width, height = self._encoder.encode(frame, self._aspect)
        return SampledFrame(number, float(media_time), width, height, jpeg)

    def finished(self) -> Finished:
        """The end; raises MediaError when no frame was sampled."""
        end = self._clock.end
        if self._sampled == 0:
            raise self._choice.nothing_sampled(end)
        warnings = self._reading.warnings(to_the_end=self._choice.ended_by is None) if self._reading else []
        if self._choice.ended_by:
            warnings.append(self._choice.ended_by)
        return Finished(self._read, self._sampled, self._last_sampled, float(end), warnings)
