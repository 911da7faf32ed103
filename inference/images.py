"""Owns reading a JPEG: its size from the header first, then its pixels."""

import cv2
import numpy as np

from inference.arrays import Image
from pipeline.contracts.errors import FrameUnreadable

MAX_PIXELS = 8192 * 4352

_END, _TAIL = b"\xff\xd9", 256
"""A decoder fills what is missing with grey: only the end marker tells that nothing is."""

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) as the frame header of a JPEG says (ITU-T T.81, B.2.2), without decoding it.

    Raises FrameUnreadable when there is none.
    """
    if data[:2] != b"\xff\xd8":
        raise FrameUnreadable("the frame is not a JPEG: it does not begin with FF D8")
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker in _FRAME_MARKERS:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += _step(marker, data, at)
    raise FrameUnreadable("the JPEG has no frame header: it is cut off or damaged")


def _step(marker: int, data: bytes, at: int) -> int:
    """How far the next marker is."""
    if marker == 0xFF:
        return 1
    return 2 if marker in _STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4])


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
