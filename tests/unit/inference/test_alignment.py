"""Alignment: wherever a face is and however it is turned, its landmarks come to lie where an embedder expects them."""

import cv2
import numpy as np
import pytest

from inference.alignment import SIDE, TEMPLATE, aligned, frontality
from inference.arrays import Image
from pipeline.contracts.errors import ModelFailed
from pipeline.contracts.results import Box, Detection

NAMES = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
COLOURS = dict(zip(NAMES, [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)], strict=True))


def _picture(turn: float, scale: float, width: int = 400, height: int = 300) -> tuple[Image, Detection]:
    """A dot of its own colour at each landmark of a face that is turned (degrees) and scaled."""
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, scale)
    matrix[:, 2] += (180, 120)
    image = np.zeros((height, width, 3), np.uint8)
    marks: dict[str, float] = {}
    for name in NAMES:
        x, y = matrix @ (*TEMPLATE[name], 1)
        cv2.circle(image, (round(x), round(y)), max(2, round(4 * scale)), COLOURS[name], -1)
        marks |= {f"{name}_x": float(x) / width, f"{name}_y": float(y) / height}
    return image, Detection("face", 1.0, Box(0, 0, 1, 1), marks)


@pytest.mark.parametrize(("turn", "scale"), [(0, 1), (30, 1), (-75, 0.8), (180, 1.5), (10, 3)])
def test_landmarks_come_to_lie_on_the_template(turn: float, scale: float) -> None:
    picture = aligned(*_picture(turn, scale, 800, 700))
    assert picture.shape == (SIDE, SIDE, 3)
    for name in NAMES:
        x, y = TEMPLATE[name]
        assert np.abs(picture[round(y), round(x)].astype(int) - COLOURS[name]).max() < 90, name


def test_a_card_may_show_more_around_the_face() -> None:
    picture = aligned(*_picture(0, 1), side=224, zoom=0.5)
    x, y = ((value / SIDE - 0.5) * 112 + 112 for value in TEMPLATE["nose"])
    assert picture[round(y), round(x), 2] > 150


def test_a_mouth_of_one_point_is_enough() -> None:
    image, face = _picture(20, 1)
    marks = {k: v for k, v in face.attributes.items() if "mouth" not in k}
    for axis in "xy":
        marks[f"mouth_{axis}"] = (face.attributes[f"right_mouth_{axis}"] + face.attributes[f"left_mouth_{axis}"]) / 2
    picture = aligned(image, Detection("face", 1.0, Box(0, 0, 1, 1), marks))
    x, y = TEMPLATE["nose"]
    assert picture[round(y), round(x), 2] > 150


def test_a_face_without_landmarks_cannot_be_aligned() -> None:
    with pytest.raises(ModelFailed, match="landmarks"):
        aligned(np.zeros((10, 10, 3), np.uint8), Detection("face", 1.0, Box(0, 0, 1, 1)))


def _looking(nose: float) -> float:
    """How frontal a face is whose nose is so far from its right eye to its left one."""
    marks = {"right_eye_x": 0.4, "right_eye_y": 0.5, "left_eye_x": 0.6, "left_eye_y": 0.5}
    return frontality(Detection("face", 1.0, None, marks | {"nose_x": 0.4 + 0.2 * nose, "nose_y": 0.6}), 100, 50)


def test_the_nose_says_how_frontal_a_face_is() -> None:
    assert _looking(0.5) == 1
    assert _looking(0.25) == _looking(0.75) == 0.5
    assert _looking(0.0) == _looking(1.4) == 0
    assert frontality(Detection("face", 1.0), 100, 100) == 0
