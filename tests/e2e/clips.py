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
