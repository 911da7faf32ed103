"""Small real pictures."""

import functools

import cv2
import numpy as np


@functools.cache
def a_jpeg(width: int = 64, height: int = 48) -> bytes:
    """A JPEG with something in it."""
    return _encoded(".jpg", width, height)


@functools.cache
def a_png(width: int = 64, height: int = 48) -> bytes:
    """The same as a PNG."""
    return _encoded(".png", width, height)


def _encoded(form: str, width: int, height: int) -> bytes:
    image = np.random.default_rng(7).integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.imencode(form, image)[1].tobytes()
