"""Pictures: read from a JPEG, made into a tensor, and found again by fractions."""

import cv2
import numpy as np
import pytest

from inference.arrays import Image
from inference.cards import InputSpec
from inference.images import decode_jpeg
from inference.tensors import fill, place
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.jpegs import jpeg_size
from tests.unit.inference.factories import jpeg, picture


def _spec(**over: object) -> InputSpec:
    base = {"width": 64, "height": 64, "resize": "letterbox", "layout": "nchw", "color": "bgr", "pad": 114}
    return InputSpec.model_validate(base | over)


def _halves(width: int, height: int) -> Image:
    """Blue on the left, red on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 200
    image[:, width // 2 :, 2] = 100
    return image


def test_the_size_is_read_from_the_header() -> None:
    progressive = cv2.imencode(".jpg", picture(9, 70, 30), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert jpeg_size(jpeg(picture(9, 123, 45))) == (123, 45)
    assert jpeg_size(progressive) == (70, 30)


def test_a_jpeg_is_decoded_as_bgr() -> None:
    image = decode_jpeg(jpeg(_halves(64, 32)))
    assert image.shape == (32, 64, 3)
    assert image[16, 8].tolist() == pytest.approx([200, 0, 0], abs=6)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a JPEG"),
        (b"hello, this is no picture", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a JPEG"),
        (jpeg(picture(1))[:100], "no frame header"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 9, "no frame header"),
        (b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff" + bytes(20), "65535x65535"),
        (b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x00\x00\x10" + bytes(20), "16x0"),
        (b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x10" + bytes(20) + b"\xff\xd9", "cannot be decoded"),
        (jpeg(picture(1, 640, 480))[:-20], "cut off"),
    ],
)
def test_what_is_no_bearable_jpeg_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(FrameUnreadable, match=reason):
        decode_jpeg(data)


def test_letterbox_keeps_the_shape_and_pads_right_and_bottom() -> None:
    spec, image = _spec(), _halves(128, 64)
    spot = place(spec, image)
    tensor = fill(spec, [image], [spot])
    assert (spot.width, spot.height, spot.canvas) == (64, 32, (64, 64))
    assert tensor.shape == (1, 3, 64, 64)
    assert tensor.dtype == np.float32
    assert tensor[0, :, 10, 5].tolist() == [200, 0, 0]
    assert tensor[0, :, 50, 5].tolist() == [114, 114, 114]


def test_fit_takes_the_next_multiple_and_scales_small_pictures_up() -> None:
    spot = place(_spec(resize="fit", width=640, height=640), picture(0, 176, 144))
    assert (spot.width, spot.height, spot.canvas) == (640, 524, (544, 640))


def test_stretch_in_rgb_with_scale_and_offset() -> None:
    spec = _spec(resize="stretch", layout="nhwc", color="rgb", scale=1 / 127.5, offset=-1.0)
    image = _halves(32, 16)
    tensor = fill(spec, [image, image], [place(spec, image)] * 2)
    assert tensor.shape == (2, 64, 64, 3)
    assert tensor[1, 3, 2] == pytest.approx([-1, -1, 200 / 127.5 - 1], abs=1e-6)


def test_grey_and_bytes() -> None:
    spec = _spec(resize="stretch", layout="nhwc", color="gray", dtype="uint8")
    tensor = fill(spec, [picture(77)], [place(spec, picture(77))])
    assert tensor.dtype == np.uint8
    assert (tensor.shape, int(tensor[0, 5, 5, 0])) == ((1, 64, 64, 1), 77)


@pytest.mark.parametrize("resize", ["letterbox", "fit", "stretch"])
def test_a_point_is_found_again_as_a_fraction(resize: str) -> None:
    spot = place(_spec(resize=resize), picture(0, 200, 100))
    corner = np.array([[spot.width, spot.height], [0, 0]], np.float32)
    assert spot.fractions(corner).tolist() == [[1, 1], [0, 0]]
