"""Owns the decoding of one connection to a live source: packets to frames, one thread, nothing held back."""

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
import av.logging
import cv2
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.frame import VideoFrame

from ingest.decode.clock import MediaClock
from ingest.decode.messages import DecodeRequest, Finished, Probe, SampledFrame
from ingest.decode.picture import Encoder
from ingest.live.packets import Packet, StreamHeader, read_header, read_packet
from ingest.sampling import Sampler, Take
from pipeline.contracts.errors import MediaError

CODECS = frozenset({"h264", "hevc", "mjpeg", "mpeg4", "mpeg2video", "vp8", "vp9", "av1", "rawvideo"})
USUAL_RATE = Fraction(25)
MOST_WAITING = 256
"""Packets whose picture has not come yet: a decoder that reorders holds some."""

Step = tuple[int, Fraction, Take, VideoFrame, float]


class LiveSession:
    """Decodes what comes until the pipe ends. Frames are numbered from 1, media times count from the first."""

    def __init__(self, request: DecodeRequest, source: BinaryIO) -> None:
        av.logging.set_level(None)  # a thread that logs would wait for Python, which waits for it in freeing a decoder
        cv2.setNumThreads(1)
        self._request = request
        self._source = source
        self._header = read_header(source)
        rate = Fraction(self._header.rate).limit_denominator(1001) if self._header.rate else USUAL_RATE
        self._clock = MediaClock(self._header.time_base, 1 / rate)
        self._decoder: Any = _decoder(self._header, request.max_pixels)
        self._sampler = Sampler(request.sampling)
        self._encoder = Encoder(request.frame_height, request.jpeg_quality, request.max_frame_bytes)
        self._arrivals: dict[int | None, int] = {}
        self._decoded = self._sampled = self._last_sampled = self._damaged = 0
        self.behind = 0.0

    def probe(self, frame: VideoFrame) -> Probe:
        """What is known once the first frame is there."""
        return Probe("live", self._header.codec, 0, frame.width, frame.height, None, self._header.rate)

    def frames(self) -> Iterator[Step]:
        """Every frame with its number, media time, whether it is sampled, and when it arrived (seconds since 1970)."""
        while (packet := read_packet(self._source)) is not None:
            for frame in self._decode(packet):
                self._decoded += 1
                media_time = self._clock.at(frame.pts)
                arrived = self._arrival(frame, packet)
                self.behind = max(0.0, time.time() - arrived)
                yield self._decoded, media_time, self._sampler.take(media_time), frame, arrived

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        given = av.Packet(packet.data)
        given.pts, given.dts, given.time_base = packet.pts, packet.dts, self._header.time_base
        self._arrivals[packet.pts] = packet.arrived_at
        try:
            frames = [frame for frame in self._decoder.decode(given) if isinstance(frame, VideoFrame)]
        except FFmpegError as e:
            if e.errno == 12:
                raise MemoryError from e
            self._damaged += 1
            return []
        for frame in frames:
            if frame.width * frame.height > self._request.max_pixels:
                raise MediaError(
                    f"frames of {frame.width}×{frame.height} have more pixels than the cap of "
                    f"{self._request.max_pixels} (FRAMEWISE_MAX_PIXELS)"
                )
        return frames

    def _arrival(self, frame: VideoFrame, packet: Packet) -> float:
        """When the packet with a frame's time came; a decoder may answer with an earlier frame than it was given."""
        arrived = self._arrivals.pop(frame.pts, packet.arrived_at)
        while len(self._arrivals) > MOST_WAITING:
            del self._arrivals[next(iter(self._arrivals))]
        return arrived / 1e6

    def sampled(self, number: int, media_time: Fraction, frame: VideoFrame, arrived_at: float) -> SampledFrame:
        """The message of a sampled frame."""
        self._sampled, self._last_sampled = self._sampled + 1, number
        jpeg, width, height = self._encoder.encode(frame, self._header.aspect)
        return SampledFrame(number, float(media_time), width, height, jpeg, arrived_at=arrived_at)

    def finished(self) -> Finished:
        """The end of the connection."""
        said = [f"{self._damaged} damaged packets were left out"] if self._damaged else []
        return Finished(self._decoded, self._sampled, self._last_sampled, float(self._clock.end), said)


def _decoder(header: StreamHeader, max_pixels: int) -> Any:
    """The codec's decoder, which answers each packet at once as far as the codec lets it; raises MediaError."""
    if header.codec not in CODECS:
        raise MediaError(f"the stream's codec {header.codec!r} cannot be decoded here; send H.264, H.265 or MJPEG")
    decoder: Any = av.CodecContext.create(header.codec, "r")
    decoder.thread_count = 1
    decoder.flags |= Flags.low_delay
    decoder.options = {"max_pixels": str(max_pixels)}
    if header.extradata:
        decoder.extradata = header.extradata
    if header.pixels:
        decoder.width, decoder.height, decoder.pix_fmt = header.width, header.height, header.pixels
    return decoder
