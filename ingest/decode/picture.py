"""Owns how a decoded frame becomes an upright JPEG of the wanted size."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

Image = NDArray[np.uint8]
MAX_SIDE = 8192
LOWER_QUALITIES = (75, 60, 45, 30)
SHRINK = 0.7
UNSPECIFIED = 2
SUBSAMPLED = frozenset({"yuv420p", "yuvj420p", "nv12"})


@dataclass(frozen=True, slots=True)
class Turn:
    """What makes a frame upright: swap the axes first, then mirror."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of a frame after the turn; its own inverse."""
        return (height, width) if self.swap else (width, height)

    def apply(self, image: Image) -> Image:
        """The upright image."""
        turned = image.transpose(1, 0, 2) if self.swap else image
        turned = turned[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1]
        return np.ascontiguousarray(turned)


def _unnamed(kind: type[SideDataType], value: object) -> SideDataType:
    """A kind of side data for which the library has no name, such as the EXIF of a JPEG.

    Without it, it refuses to read any side data of such a frame, the display matrix too.
    """
    found: Any = object.__new__(kind)
    found._name_, found._value_ = f"UNNAMED_{value}", value
    return cast(SideDataType, found)


SideDataType._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


def turn_of(frame: VideoFrame) -> Turn:
    """The turn of a frame's display matrix, to the nearest quarter.

    A matrix (ISO 14496-12, 6.2.2) maps (x, y) to (ax + cy, bx + dy).
    """
    data: Any = cast(Any, frame.side_data).get("DISPLAYMATRIX")
    if data is None:
        return Turn()
    a, b, _, c, d = struct.unpack_from("=5i", bytes(data))
    if abs(a) >= abs(b):
        return Turn(False, a < 0, d < 0)
    return Turn(True, c < 0, b < 0)


def target_size(width: int, height: int, pixel_aspect: Fraction, max_height: int) -> tuple[int, int]:
    """The size of the JPEG for an upright frame: square pixels, never enlarged, no side below 1 or above MAX_SIDE.

    `pixel_aspect` is a pixel's width by its height; the side that is too long for it is shortened.
    """
    wide = Fraction(width) * min(Fraction(1), pixel_aspect)
    high = Fraction(height) / max(Fraction(1), pixel_aspect)
    scale = min(Fraction(1), Fraction(max_height) / high, Fraction(MAX_SIDE) / wide)
    if scale == 1 and pixel_aspect == 1:
        return width, height
    return _even(wide * scale), max(1, round(high * scale))


def _even(value: Fraction) -> int:
    return max(2 * round(value / 2), 2 if value >= 1 else 1)


class Encoder:
    """Turns decoded frames into JPEGs. One a video: it keeps the scalers between frames."""

    def __init__(self, max_height: int, quality: int, max_bytes: int) -> None:
        self._max_height = max_height
        self._quality = quality
        self._max_bytes = max_bytes
        self._smaller, self._reformatter = VideoReformatter(), VideoReformatter()
        self._turns: dict[int, Turn] = {}

    def turn(self, frame: VideoFrame) -> Turn:
        """The turn of a frame. Asked of the frame once a rotation: a frame whose side data was looked at is in a
        reference cycle, and tens of large frames would wait for the garbage collector.
        """
        rotation = frame.rotation
        if rotation not in self._turns:
            self._turns[rotation] = turn_of(frame)
        return self._turns[rotation]

    def encode(self, frame: VideoFrame, pixel_aspect: Fraction) -> tuple[bytes, int, int]:
        """The JPEG, its width and its height."""
        turn = self.turn(frame)
        upright = turn.size(frame.width, frame.height)
        aspect = 1 / pixel_aspect if turn.swap else pixel_aspect
        width, height = turn.size(*target_size(*upright, aspect, self._max_height))
        image = turn.apply(self._scaled(frame, width, height))
        jpeg = self._fitting(image)
        return jpeg[0], jpeg[1].shape[1], jpeg[1].shape[0]

    def _scaled(self, frame: VideoFrame, width: int, height: int) -> Image:
        """In two steps where it is made smaller: on subsampled planes scaling takes half the time."""
        colorspace, color_range = _colorspace(frame), _color_range(frame)
        if frame.format.name in SUBSAMPLED and (width, height) != (frame.width, frame.height):
            frame = self._smaller.reformat(
                frame,
                width,
                height,
                src_colorspace=colorspace,
                dst_colorspace=colorspace,
                src_color_range=color_range,
                dst_color_range=color_range,
                interpolation=Interpolation.BILINEAR,
                threads=1,
            )
        scaled = self._reformatter.reformat(
            frame,
            width,
            height,
            "bgr24",
            src_colorspace=colorspace,
            src_color_range=color_range,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        return scaled.to_ndarray().astype(np.uint8, copy=False)

    def _fitting(self, image: Image) -> tuple[bytes, Image]:
        """The JPEG in the wanted quality, or in what fits into the most bytes: quality goes first, then size."""
        for quality in (self._quality, *(q for q in LOWER_QUALITIES if q < self._quality)):
            jpeg = _jpeg(image, quality)
            if len(jpeg) <= self._max_bytes:
                return jpeg, image
        if max(image.shape[:2]) <= 1:
            return jpeg, image
        smaller = [max(1, int(side * SHRINK)) for side in (image.shape[1], image.shape[0])]
        shrunk = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
        return self._fitting(shrunk.astype(np.uint8, copy=False))


def _jpeg(image: Image, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the frame cannot be encoded as JPEG")
    return bytes(data)


def _colorspace(frame: VideoFrame) -> int:
    """What the frame says, or what players assume: BT.709 from 720 lines on, BT.601 below."""
    if frame.colorspace != UNSPECIFIED:
        return frame.colorspace
    return Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601


def _color_range(frame: VideoFrame) -> int:
    if frame.color_range != ColorRange.UNSPECIFIED:
        return frame.color_range
    return ColorRange.JPEG if frame.format.name.startswith("yuvj") or frame.format.is_rgb else ColorRange.MPEG
