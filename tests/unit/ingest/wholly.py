"""Decodes a file in this process: all of it, or the wanted frames alone; a frame is its time and a digest."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ingest.decode import streams
from ingest.decode.content import open_container
from ingest.decode.index import PacketIndex, survey
from ingest.decode.reader import Reading, clock_of
from ingest.decode.sparse import SparseReading

Seen = tuple[int | None, str]
MOST_PIXELS = 8192 * 4352
FOREVER = Fraction(10**6)


def nothing(frames: int) -> None:
    """Who does not care for signs of life."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file as the decoding child opens it."""
    with path.open("rb") as source, open_container(source) as container:
        stream = streams.choose(container)
        streams.prepare(stream, 2, MOST_PIXELS)
        yield container, stream


def surveyed(path: Path, until: Fraction = FOREVER) -> PacketIndex | None:
    """What the pass over the packets says."""
    with opened(path) as (container, stream):
        return survey(container, stream, until, nothing)


def every_frame(path: Path) -> list[Seen]:
    """Each frame that decodes, in order."""
    with opened(path) as (container, stream):
        header = streams.described(container, stream)
        reading = Reading(container, stream, header, MOST_PIXELS, clock_of(stream, header))
        return [seen(frame) for _, _, frame in reading.frames()]


def chosen_frames(path: Path, wanted: Iterable[int]) -> dict[int, Seen]:
    """The frames of these numbers, with nothing decoded that they do not need; the file must be regular."""
    index = surveyed(path)
    assert index is not None
    with opened(path) as (container, stream):
        reading = SparseReading(container, stream, index, MOST_PIXELS)
        return {number: seen(frame) for number, frame in reading.frames(wanted, nothing)}


def seen(frame: VideoFrame) -> Seen:
    """A frame's time stamp and a digest of its pixels."""
    return frame.pts, hashlib.sha256(frame.to_ndarray(format="rgb24").tobytes()).hexdigest()
