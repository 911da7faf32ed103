"""Makes videos whose frames say their number: ten blocks from left to right, white for 1, the lowest bit first."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
BITS = 10
TICKS = 1000


def numbered(number: int, width: int = 160, height: int = 96) -> Image:
    """The picture of a 1-based number, in the upper half; the lower half is grey."""
    image = np.full((height, width, 3), 128, np.uint8)
    for bit in range(BITS):
        left, right = bit * width // BITS, (bit + 1) * width // BITS
        image[: height // 2, left:right] = 255 if number >> bit & 1 else 0
    return image


def number_in(image: Image) -> int:
    """The number of a picture."""
    height, width = image.shape[:2]
    row = image[height // 4, :, 1]
    return sum(1 << bit for bit in range(BITS) if row[(2 * bit + 1) * width // (2 * BITS)] > 127)


def picture(jpeg: bytes) -> Image:
    """A JPEG's pixels (BGR)."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8, copy=False)


@contextmanager
def own_priority() -> Iterator[None]:
    """This thread as it was, whatever an encoder makes of it.

    SVT-AV1, run by root, gives the thread that opens it the highest real-time priority. It stays, all that the thread
    starts inherits it, and what spins there leaves everything else a twentieth of the machine.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, param)


def make_video(
    path: Path,
    images: Iterable[Image],
    times: Iterable[float] | None = None,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: int = 25,
    options: dict[str, str] | None = None,
    **settings: Any,
) -> Path:
    """Write a video; `times` are presentation times in seconds, to the millisecond.

    `settings`: `rotation` in degrees, or attributes of the codec context.
    """
    ticks = rate if times is None else TICKS
    with own_priority(), av.open(str(path), "w") as container:
        stream: Any = None
        stamps = iter(times) if times is not None else None
        for index, image in enumerate(images):
            if stream is None:
                stream = _stream(container, image, codec, pixels, rate, options, settings)
                stream.codec_context.time_base = Fraction(1, ticks)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            seconds = next(stamps) if stamps is not None else index / rate
            frame.pts, frame.time_base = round(seconds * ticks), Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _stream(
    container: Any, image: Image, codec: str, pixels: str, rate: int, options: dict[str, str] | None, settings: Any
) -> Any:
    stream = container.add_stream(codec, rate=rate, options=options or {})
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = pixels
    for name, value in settings.items():
        if name == "rotation":
            stream.set_display_rotation(value)
        else:
            setattr(stream.codec_context, name, value)
    return stream


def numbered_video(path: Path, count: int, width: int = 160, height: int = 96, **settings: Any) -> Path:
    """A video of `count` numbered frames."""
    return make_video(path, (numbered(n, width, height) for n in range(1, count + 1)), **settings)
