"""Owns how pictures become one input tensor, and where a pixel of it lies in its picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inference.arrays import Floats, Image, Tensor
from inference.cards import InputSpec


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies on its canvas: at the top left, `width` × `height` pixels of a `canvas` (height, width)."""

    width: int
    height: int
    canvas: tuple[int, int]

    def fractions(self, points: Floats) -> Floats:
        """Points [..., 2] as (x, y) in pixels of the canvas, as fractions of the picture."""
        return (points / np.array([self.width, self.height], np.float32)).astype(np.float32, copy=False)


def place(spec: InputSpec, image: Image) -> Placement:
    """Where `image` comes to lie, and on which canvas."""
    height, width = image.shape[:2]
    if spec.resize == "stretch":
        return Placement(spec.width, spec.height, (spec.height, spec.width))
    ratio = min(spec.width / width, spec.height / height)
    scaled = max(1, round(width * ratio)), max(1, round(height * ratio))
    if spec.resize == "letterbox":
        return Placement(*scaled, (spec.height, spec.width))
    return Placement(*scaled, (_up(scaled[1], spec.multiple), _up(scaled[0], spec.multiple)))


def fill(spec: InputSpec, images: Sequence[Image], places: Sequence[Placement]) -> Tensor:
    """The input tensor of pictures that share a canvas, in the card's layout and type."""
    height, width = places[0].canvas
    channels = 1 if spec.color == "gray" else 3
    shape = (channels, height, width) if spec.layout == "nchw" else (height, width, channels)
    padded = any((p.height, p.width) != p.canvas for p in places)
    batch: Tensor = np.empty((len(images), *shape), spec.dtype)
    if padded:
        batch[:] = spec.pad * spec.scale + spec.offset
    for slot, image, spot in zip(batch, images, places, strict=True):
        _draw(spec, slot if spec.layout == "nchw" else slot.transpose(2, 0, 1), image, spot)
    return batch


def _draw(spec: InputSpec, planes: Tensor, image: Tensor, spot: Placement) -> None:
    """Write one picture into its planes [channels, height, width], a view of the batch."""
    if spec.color == "gray":
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if image.shape[1::-1] != (spot.width, spot.height):
        image = cv2.resize(image, (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
    if image.ndim == 2:
        image = image[..., None]
    if spec.color == "rgb":
        image = image[..., ::-1]
    target = planes[:, : spot.height, : spot.width]
    if spec.dtype == "uint8" or (spec.scale, spec.offset) == (1, 0):
        target[:] = image.transpose(2, 0, 1)
        return
    np.multiply(image.transpose(2, 0, 1), np.float32(spec.scale), out=target)
    if spec.offset:
        target += np.float32(spec.offset)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
