"""Owns which of a file's streams is decoded, and what the file says of it."""

from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from pipeline.contracts.errors import MediaError

MICROSECONDS = Fraction(1, 1_000_000)
USUAL_RATE = Fraction(25)


@dataclass(frozen=True, slots=True)
class Described:
    """What the header says: seconds, frames a second, frames; `None` where it says nothing."""

    duration: Fraction | None
    rate: Fraction | None
    frames: int | None

    @property
    def usual_rate(self) -> Fraction:
        """Frames a second, as far as one can say."""
        return self.rate or USUAL_RATE

    @property
    def frame_seconds(self) -> Fraction:
        """How long a frame lasts, as far as one can say."""
        return 1 / self.usual_rate


def choose(container: InputContainer) -> VideoStream:
    """The container's default video stream: the first that it marks; where it marks none or all, FFmpeg's choice.

    Cover pictures are none. Raises MediaError when there is no video stream that can be decoded.
    """
    videos = [stream for stream in container.streams.video if not _is_picture(stream)]
    if not videos:
        raise MediaError("the file has no video stream")
    marked = [stream for stream in videos if stream.disposition & Disposition.default]
    chosen = marked[0] if 0 < len(marked) < len(videos) else _best(container, videos)
    if chosen.codec_context is None:
        raise MediaError("the file's video stream is in a codec that cannot be decoded here")
    return chosen


def _best(container: InputContainer, videos: list[VideoStream]) -> VideoStream:
    best = container.streams.best("video")
    return next((stream for stream in videos if stream is best), None) or max(videos, key=_area)


def _is_picture(stream: Stream) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _area(stream: VideoStream) -> int:
    return (stream.width or 0) * (stream.height or 0)


def prepare(stream: VideoStream, threads: int, max_pixels: int) -> None:
    """Set the decoder up: its threads, and the most pixels that it may allocate."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    stream.codec_context.options = {"max_pixels": str(max_pixels)}


def described(container: InputContainer, stream: VideoStream) -> Described:
    """What the header says of a stream."""
    return Described(_duration(container, stream), _rate(stream), stream.frames or None)


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return container.duration * MICROSECONDS if container.duration and container.duration > 0 else None


def _rate(stream: VideoStream) -> Fraction | None:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return None


def pixel_aspect(stream: VideoStream) -> Fraction:
    """A pixel's width by its height; 1 where the file says nothing, or nothing sensible."""
    aspect = stream.sample_aspect_ratio
    return Fraction(aspect) if aspect and Fraction(1, 8) <= aspect <= 8 else Fraction(1)


def codec_name(stream: VideoStream) -> str:
    """The codec's name, such as h264."""
    return stream.codec_context.codec.canonical_name
