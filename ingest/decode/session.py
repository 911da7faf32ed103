"""Owns one decoding: what is told at its start, of each sampled frame, and at its end."""

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import av.logging
import cv2
from av.video.frame import VideoFrame

from ingest.decode import streams
from ingest.decode.content import open_container
from ingest.decode.messages import DecodeRequest, Finished, Probe, SampledFrame
from ingest.decode.picture import Encoder
from ingest.decode.reader import Reading
from ingest.sampling import Sampler, Take
from pipeline.contracts.errors import MediaError

Step = tuple[int, Fraction, Take, VideoFrame]


class Session:
    """Decodes one source; raises MediaError when it is not a video that can be read."""

    def __init__(self, request: DecodeRequest, source: BinaryIO) -> None:
        av.logging.set_level(av.logging.PANIC)
        cv2.setNumThreads(1)
        self._request = request
        self._container = open_container(source)
        self._stream = streams.choose(self._container)
        streams.prepare(self._stream, request.threads, request.max_pixels)
        self._header = streams.described(self._container, self._stream)
        self._reading = Reading(self._container, self._stream, self._header, request.max_pixels)
        self._sampler = Sampler(request.sampling)
        self._encoder = Encoder(request.frame_height, request.jpeg_quality, request.max_frame_bytes)
        self._aspect = streams.pixel_aspect(self._stream)
        self._frames = self._reading.frames()
        self._first = next(self._frames, None)
        self._sampled = self._last_sampled = 0
        self._ended_by: str | None = None

    def probe(self) -> Probe:
        """What the file says of itself; raises MediaError when no frame can be decoded."""
        if self._first is None:
            raise MediaError(
                "no frame of the file can be decoded: it is damaged, or a frame needs more memory than "
                "FRAMEWISE_DECODE_MEMORY_BYTES allows"
            )
        frame = self._first[2]
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
        """Every decoded frame with its number, media time and what becomes of it; ends after the first END."""
        assert self._first is not None
        yield self._step(*self._first)
        for number, media_time, frame in self._frames:
            yield self._step(number, media_time, frame)

    def _step(self, number: int, media_time: Fraction, frame: VideoFrame) -> Step:
        if media_time >= self._request.max_duration:
            self._ended_by = f"only the first {self._request.max_duration:g} s were read: the cap on the duration"
            return number, media_time, Take.END, frame
        take = self._sampler.take(media_time)
        if take is Take.END:
            self._ended_by = ""
        return number, media_time, take, frame

    def sampled(self, number: int, media_time: Fraction, frame: VideoFrame) -> SampledFrame:
        """The message of a sampled frame; without a picture if it had been published before."""
        self._sampled, self._last_sampled = self._sampled + 1, number
        if number <= self._request.published_through:
            return SampledFrame(number, float(media_time), 0, 0, b"")
        jpeg, width, height = self._encoder.encode(frame, self._aspect)
        return SampledFrame(number, float(media_time), width, height, jpeg)

    def finished(self) -> Finished:
        """The end; raises MediaError when no frame was sampled."""
        if self._sampled == 0:
            raise MediaError(self._nothing_sampled())
        warnings = self._reading.warnings(to_the_end=self._ended_by is None)
        if self._ended_by:
            warnings.append(self._ended_by)
        duration = float(self._reading.clock.end)
        return Finished(self._reading.decoded, self._sampled, self._last_sampled, duration, warnings)

    def _nothing_sampled(self) -> str:
        sampling = self._request.sampling
        if self._ended_by is None:
            end = float(self._reading.clock.end)
            return f"startTime {sampling.start_time:g} s lies beyond the end of the video, which is at {end:.3f} s"
        if self._ended_by:
            return f"startTime {sampling.start_time:g} s lies beyond what is read: {self._ended_by}"
        return f"no frame lies between startTime {sampling.start_time or 0:g} s and endTime {sampling.end_time:g} s"
