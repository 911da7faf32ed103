"""Makes small videos of its own."""

from pathlib import Path

import av
import numpy as np

COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


def make_clip(path: Path, frames: int, rate: int = 10, size: tuple[int, int] = (160, 120)) -> Path:
    """A clip of plain colours (RGB) that change with each frame."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for n in range(frames):
            image = np.full((size[1], size[0], 3), COLOURS[n % 3], np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def make_noise(path: Path, frames: int, size: tuple[int, int] = (320, 240)) -> Path:
    """A clip whose JPEGs are large for their size: coloured noise."""
    random = np.random.default_rng(7)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height = size
        stream.pix_fmt, stream.bit_rate = "yuv420p", 8_000_000
        for _ in range(frames):
            image = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path
