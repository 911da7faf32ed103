"""Owns reading a JPEG: its size by the header first, then its pixels."""

import cv2
import numpy as np

from inference.arrays import Image
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.jpegs import jpeg_size

MAX_PIXELS = 8192 * 4352

_END, _TAIL = b"\xff\xd9", 256
"""A decoder fills what is missing with grey: only the end marker tells that nothing is."""


def decode_jpeg(data: bytes, max_pixels: int = MAX_PIXELS) -> Image:
    """The pixels of a JPEG [height, width, 3], BGR. Raises FrameUnreadable for another size than is bearable."""
    width, height = jpeg_size(data)
    if not 0 < width * height <= max_pixels:
        raise FrameUnreadable(f"the JPEG says {width}x{height} pixels; between 1 and {max_pixels} are read")
    if _END not in data[-_TAIL:]:
        raise FrameUnreadable(f"the JPEG of {width}x{height} pixels is cut off: it has no end marker")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise FrameUnreadable(f"the JPEG of {width}x{height} pixels cannot be decoded: {error.err}") from error
    if image is None:
        raise FrameUnreadable(f"the JPEG of {width}x{height} pixels cannot be decoded")
    return image.astype(np.uint8, copy=False)
