"""From a decoded frame to an upright JPEG."""

import gc
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode.picture import MAX_SIDE, Encoder, Turn, target_size
from tests.unit.ingest.media import Image, numbered_video, picture

SIDES = st.integers(1, 20_000)
ONE = Fraction(1)


@pytest.mark.parametrize(
    ("size", "aspect", "height", "expected"),
    [
        ((1920, 1080), ONE, 720, (1280, 720)),
        ((3840, 2160), ONE, 720, (1280, 720)),
        ((1080, 1920), ONE, 720, (404, 720)),
        ((1280, 720), ONE, 720, (1280, 720)),
        ((641, 479), ONE, 720, (641, 479)),
        ((50, 50), ONE, 720, (50, 50)),
        ((1, 1), ONE, 720, (1, 1)),
        ((2, 5000), ONE, 720, (1, 720)),
        ((16000, 2), ONE, 720, (8192, 1)),
        ((720, 576), Fraction(64, 45), 720, (720, 405)),
        ((1440, 1080), Fraction(4, 3), 720, (1280, 720)),
        ((100, 100), Fraction(1, 2), 720, (50, 100)),
    ],
)
def test_size(size: tuple[int, int], aspect: Fraction, height: int, expected: tuple[int, int]) -> None:
    assert target_size(*size, aspect, height) == expected


@given(SIDES, SIDES, st.fractions(Fraction(1, 8), 8), st.integers(16, 2160))
def test_size_is_never_enlarged_nor_nothing(width: int, height: int, aspect: Fraction, most: int) -> None:
    wide, high = target_size(width, height, aspect, most)
    assert 1 <= wide <= max(2, min(width + 1, MAX_SIDE))
    assert 1 <= high <= min(height, most)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (Turn(), [[1, 2, 3], [4, 5, 6]]),
        (Turn(mirror_x=True, mirror_y=True), [[6, 5, 4], [3, 2, 1]]),
        (Turn(swap=True, mirror_x=True), [[4, 1], [5, 2], [6, 3]]),
        (Turn(swap=True, mirror_y=True), [[3, 6], [2, 5], [1, 4]]),
        (Turn(mirror_x=True), [[3, 2, 1], [6, 5, 4]]),
    ],
)
def test_turn(turn: Turn, expected: list[list[int]]) -> None:
    image = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[:, :, None]
    assert turn.apply(image)[:, :, 0].tolist() == expected


def noise(width: int, height: int) -> Image:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def test_a_frame_that_is_too_large_loses_quality_then_size() -> None:
    frame = av.VideoFrame.from_ndarray(noise(640, 480), format="bgr24")
    whole, *size = Encoder(720, 85, 950_000).encode(frame, ONE)
    assert size == [640, 480]
    poorer, *size = Encoder(720, 85, len(whole) - 1).encode(frame, ONE)
    assert size == [640, 480]
    assert len(poorer) < len(whole)
    smaller, *size = Encoder(720, 85, 10_000).encode(frame, ONE)
    assert len(smaller) <= 10_000
    assert picture(smaller).shape[:2] == (size[1], size[0])
    assert size[0] < 640


@pytest.mark.parametrize("height", [480, 720])
@pytest.mark.parametrize("colour", [(0, 0, 255), (0, 255, 0), (255, 0, 0), (40, 120, 200)])
def test_colours_by_the_usual_matrix_of_the_size(height: int, colour: tuple[int, int, int]) -> None:
    image = np.full((height, 640, 3), colour, np.uint8)
    matrix = "itu709" if height >= 720 else "itu601"
    rgb = av.VideoFrame.from_ndarray(image, format="bgr24")
    frame = rgb.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range="MPEG")
    frame.colorspace = 2
    frame.color_range = 0
    jpeg, *_ = Encoder(720, 95, 950_000).encode(frame, ONE)
    assert np.abs(picture(jpeg)[100, 100].astype(int) - colour).max() <= 6


@pytest.mark.parametrize("matrix", ["itu601", "itu709"])
@pytest.mark.parametrize("limits", ["MPEG", "JPEG"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "nv12", "yuv444p"])
def test_colours_of_what_is_made_smaller(pixels: str, limits: str, matrix: str) -> None:
    """The matrix and the range that the frame names hold, whether planes are scaled before or not."""
    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (40, 120, 200), (255, 255, 255), (0, 0, 0)]
    image = np.repeat(np.array([colours], np.uint8), 120, axis=1).repeat(480, axis=0)
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
    frame = rgb.reformat(format=pixels, dst_colorspace=matrix, dst_color_range=limits)
    frame.colorspace = {"itu601": 5, "itu709": 1}[matrix]
    frame.color_range = {"MPEG": 1, "JPEG": 2}[limits]
    jpeg, width, height = Encoder(333, 95, 950_000).encode(frame, ONE)
    assert (width, height) == (500, 333)
    for place, colour in enumerate(colours):
        at = picture(jpeg)[166, int((place + 0.5) * width / len(colours))]
        assert np.abs(at.astype(int) - colour).max() <= 6, colour


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuvj420p", "yuv444p12le", "gray", "rgb24", "nv12", "yuva420p"])
def test_other_pixel_formats(pixels: str) -> None:
    image = np.full((96, 160, 3), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pixels)
    jpeg, width, height = Encoder(48, 85, 950_000).encode(frame, ONE)
    assert (width, height) == (80, 48)
    assert np.abs(picture(jpeg).astype(int) - 128).max() <= 4


def test_no_frame_waits_for_the_garbage_collector(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 60)
    encoder = Encoder(720, 85, 950_000)
    gc.collect()
    gc.disable()
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                encoder.encode(frame, ONE)
        alive = [thing for thing in gc.get_objects() if isinstance(thing, VideoFrame)]
    finally:
        gc.enable()
    assert len(alive) < 5


CORNERS = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}
"""The corners of an upright picture (from the top left, by rows) for each EXIF orientation of one with `rgbw`."""
COLORS = {"r": (0, 0, 255), "g": (0, 255, 0), "b": (255, 0, 0), "w": (255, 255, 255)}


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF segment that says how it is to be turned (CIPA DC-008, tag 0x0112)."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


@pytest.mark.parametrize("orientation", CORNERS)
def test_a_jpeg_with_exif_is_read_and_stands_upright(orientation: int) -> None:
    quarters = np.array([[COLORS["r"], COLORS["g"]], [COLORS["b"], COLORS["w"]]], np.uint8)
    whole = quarters.repeat(64, axis=0).repeat(96, axis=1)
    jpeg = with_orientation(cv2.imencode(".jpg", whole)[1].tobytes(), orientation)
    decoder = av.CodecContext.create("mjpeg", "r")
    [frame] = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
    upright, width, height = Encoder(720, 95, 10**6).encode(frame, ONE)
    assert (width, height) == ((128, 192) if orientation > 4 else (192, 128))
    image = cv2.imdecode(np.frombuffer(upright, np.uint8), cv2.IMREAD_COLOR_BGR | cv2.IMREAD_IGNORE_ORIENTATION)
    found = [image[height * y // 4, width * x // 4] for y in (1, 3) for x in (1, 3)]  # type: ignore[index]
    names = [min(COLORS, key=lambda name: float(np.abs(np.subtract(COLORS[name], at)).sum())) for at in found]
    assert "".join(names) == CORNERS[orientation]
