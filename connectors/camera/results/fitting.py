"""Owns that a picture fits into a message: scaled down as far as that takes."""

import cv2
import numpy as np

from pipeline.kafka.topics import MAX_RECORD_BYTES
from pipeline.pictures import decode, encode

ENVELOPE_BYTES = 200
SHRINK = 0.8
SMALLEST = 16


def fitting(jpeg: bytes, others: int, most: int = MAX_RECORD_BYTES) -> bytes:
    """A JPEG that, as Base64 and with `others` bytes beside it, has at most `most`; b"" where none would.

    Raises FrameUnreadable for what is no picture.
    """
    room = (most - others - ENVELOPE_BYTES) * 3 // 4 - 2
    if len(jpeg) <= room:
        return jpeg
    image = decode(jpeg)
    while len(jpeg) > room:
        if min(image.shape[:2]) < SMALLEST:
            return b""
        smaller = cv2.resize(image, None, fx=SHRINK, fy=SHRINK, interpolation=cv2.INTER_AREA)
        image = np.asarray(smaller, dtype=np.uint8)
        jpeg = encode(image)
    return jpeg
