"""Owns the pixels of stored frames: reading and writing a JPEG, and hiding boxes so that nothing brings them back."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.results import Box

Image = NDArray[np.uint8]
"""[height, width, 3], BGR."""

QUALITY = 90
MARGIN = 0.2
"""Of a box's width and height, on each side: a model's box ends at chin and eyebrows."""
CELLS = 4
"""What is hidden keeps so many colours across and down: too few for a face, whatever is done with them."""


def decode(jpeg: bytes) -> Image:
    """The pixels of a JPEG; raises FrameUnreadable."""
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as e:
        raise FrameUnreadable(f"the stored frame cannot be decoded: {e.err}") from e
    if image is None:
        raise FrameUnreadable("the stored frame cannot be decoded")
    return np.ascontiguousarray(image, dtype=np.uint8)


def encode(image: Image) -> bytes:
    """The JPEG of pixels; nothing of another JPEG, such as its thumbnail, is in it."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def blur(jpeg: bytes, boxes: Iterable[Box]) -> bytes:
    """The JPEG with what is in the boxes hidden, the same bytes without any; raises FrameUnreadable."""
    hidden = list(boxes)
    return encode(hide(decode(jpeg), hidden)) if hidden else jpeg


def hide(image: Image, boxes: Iterable[Box]) -> Image:
    """The image, changed in place: each box with its margin becomes a smooth surface of a few mean colours."""
    for box in boxes:
        region = image[_area(box, image)]
        if region.size:
            height, width = region.shape[:2]
            means = cv2.resize(region, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
            region[:] = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    return image


def _area(box: Box, image: Image) -> tuple[slice, slice]:
    """The rows and columns of a box with its margin, as far as they are in the picture."""
    height, width = image.shape[:2]
    return _span(box.y, box.height, height), _span(box.x, box.width, width)


def _span(start: float, length: float, pixels: int) -> slice:
    first = int(np.floor((start - length * MARGIN) * pixels))
    last = int(np.ceil((start + length * (1 + MARGIN)) * pixels))
    return slice(max(0, first), max(0, min(pixels, last)))
