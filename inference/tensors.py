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
    batch = empty(spec, places)
    for slot, image, spot in zip(batch, images, places, strict=True):
        draw(spec, slot, image, spot)
    return batch


def empty(spec: InputSpec, places: Sequence[Placement]) -> Tensor:
    """The input tensor of so many pictures that share a canvas, before they are drawn; padded where they leave room."""
    height, width = places[0].canvas
    channels = 1 if spec.color == "gray" else 3
    shape = (channels, height, width) if spec.layout == "nchw" else (height, width, channels)
    batch: Tensor = np.empty((len(places), *shape), spec.dtype)
    if any((p.height, p.width) != p.canvas for p in places):
        batch[:] = spec.pad * spec.scale + spec.offset
    return batch


def draw(spec: InputSpec, slot: Tensor, image: Image, spot: Placement) -> None:
    """Write one picture into its part of the batch."""
    pixels: Tensor = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if spec.color == "gray" else image
    if pixels.shape[1::-1] != (spot.width, spot.height):
        pixels = cv2.resize(pixels, (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
    if spec.color == "rgb":
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    pixels = pixels.reshape(spot.height, spot.width, -1)
    if spec.layout == "nhwc":
        _write(spec, slot[: spot.height, : spot.width], pixels)
        return
    for target, plane in zip(slot[:, : spot.height, : spot.width], cv2.split(pixels), strict=True):
        _write(spec, target, plane)


def _write(spec: InputSpec, target: Tensor, values: Tensor) -> None:
    """x · scale + offset, in place."""
    if spec.dtype == "uint8" or (spec.scale, spec.offset) == (1, 0):
        target[:] = values
        return
    np.multiply(values, np.float32(spec.scale), out=target)
    if spec.offset:
        target += np.float32(spec.offset)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
