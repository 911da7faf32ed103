"""Owns pictures that people send: which are read, and the part of one that is kept of a face."""

import cv2
import numpy as np

from inference.arrays import Image
from pipeline.contracts.results import Box
from pipeline.portraits.faces import PictureUnreadable

BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
LEAST_SIDE = 24
AROUND = 0.6
"""So much of a face's size is kept on each side of it: enough for any model to find and align it again."""
KEPT_SIDE, QUALITY = 640, 92


def read_picture(data: bytes) -> Image:
    """The pixels of a JPEG, PNG or WebP, upright; how many there may be OpenCV is told by the environment.

    Raises PictureUnreadable.
    """
    if not data.startswith(BEGINNINGS):
        raise PictureUnreadable("this is no JPEG, PNG or WebP; send the photo in one of these formats")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureUnreadable(f"the picture cannot be decoded, or is too large: {error.err}") from error
    if image is None:
        raise PictureUnreadable("the picture cannot be decoded: it is damaged or cut off; send it again")
    if min(image.shape[:2]) < LEAST_SIDE:
        raise PictureUnreadable(f"the picture has only {image.shape[1]}x{image.shape[0]} pixels")
    return image.astype(np.uint8, copy=False)


def face_picture(image: Image, box: Box) -> bytes:
    """A JPEG of the face and some of its surroundings."""
    height, width = image.shape[:2]
    across, down = box.width * width * AROUND, box.height * height * AROUND
    left, top = max(0, round(box.x * width - across)), max(0, round(box.y * height - down))
    right, bottom = round((box.x + box.width) * width + across), round((box.y + box.height) * height + down)
    part = image[top:bottom, left:right]
    ratio = KEPT_SIDE / max(part.shape[:2])
    if ratio < 1:
        size = max(1, round(part.shape[1] * ratio)), max(1, round(part.shape[0] * ratio))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def sharpness(face: Image) -> float:
    """How much detail an aligned face shows: the variance of its Laplacian by that of its grey values.

    0.2 and more for a good photo, 0.02 for 50 pixels of compressed video, below 0.015 where it is out of focus.
    """
    side = face.shape[0]
    grey = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY).astype(np.float32)
    inner = grey[side // 7 : side - side // 14, side // 7 : side - side // 7]
    return round(float(cv2.Laplacian(inner, cv2.CV_32F).var() / max(float(inner.var()), 1.0)), 4)
