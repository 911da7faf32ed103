"""Owns pictures that carry their own number, as blocks that survive H.264 and scaling, and a clip of them."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

BITS = 12
BLOCKS = 2 * BITS
"""Each bit, then each bit turned round: a number that was damaged is none."""
STRIP = 1 / 15
"""Of the height, at the bottom."""
WIDTH, HEIGHT = 1280, 720
COUNT = 2**BITS


def mark(picture: Picture, number: int) -> None:
    """Draw a number (0 to `COUNT` − 1) over the bottom of a BGR picture."""
    height, width = picture.shape[:2]
    top = height - round(height * STRIP)
    for place, bit in enumerate(_bits(number)):
        left, right = width * place // BLOCKS, width * (place + 1) // BLOCKS
        picture[top:, left:right] = 235 if bit else 20


def read(picture: Picture) -> int | None:
    """The number that a BGR or grey picture carries, None for one that carries none."""
    height, width = picture.shape[:2]
    row = height - round(height * STRIP / 2)
    around = slice(row - 4, row + 4)
    centres = (round(width * (place + 0.5) / BLOCKS) for place in range(BLOCKS))
    bits = [bool(picture[around, centre - 4 : centre + 4].mean() > 128) for centre in centres]
    number = sum(bit << place for place, bit in enumerate(bits[:BITS]))
    return number if bits == _bits(number) else None


def _bits(number: int) -> list[bool]:
    bits = [bool(number >> place & 1) for place in range(BITS)]
    return bits + [not bit for bit in bits]


def clip(source: Path, target: Path, frames: int, rate: int) -> None:
    """Write so many frames of a video as 720p H.264, numbered from 0, as an encoder for live streams would."""
    with av.open(str(target), "w", format="flv") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "veryfast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = rate
        stream.codec_context.bit_rate = 3_000_000
        for number, picture in zip(range(frames), _looped(source), strict=False):
            mark(picture, number)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _looped(source: Path):  # type: ignore[no-untyped-def]
    while True:
        with av.open(str(source)) as video:
            for frame in video.decode(video=0):
                yield cv2.resize(frame.to_ndarray(format="bgr24"), (WIDTH, HEIGHT))
