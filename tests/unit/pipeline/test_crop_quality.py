"""How good a crop is."""

import cv2
import numpy as np
import pytest

from connectors.edge.agent.cutting import cut, with_margin
from connectors.edge.crops import MAX_BYTES
from inference.images import decode_jpeg
from pipeline.contracts.results import Box, Detection
from pipeline.crop_quality import Least, frontal, measure, pixels_of, sharpness
from tests.unit.connectors.edge.agent.pictures import face, noise


def test_blur_takes_sharpness_away() -> None:
    image = noise()
    found = [sharpness(cv2.GaussianBlur(image, (0, 0), sigma).astype(np.uint8)) for sigma in (0.5, 1, 2, 4)]
    assert found == sorted(found, reverse=True)
    assert sharpness(image) > found[0]
    assert sharpness(np.full((50, 50, 3), 90, np.uint8)) == 0


def test_sharpness_does_not_depend_on_size() -> None:
    image = cv2.resize(noise(64, 64), (512, 512), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    assert sharpness(image) == pytest.approx(sharpness(noise(64, 64)), rel=0.05)


@pytest.mark.parametrize(("nose", "said"), [(0.5, 1.0), (0.45, 0.5), (0.38, 0.2), (0.9, 0.2)])
def test_a_turned_face_counts_less(nose: float, said: float) -> None:
    assert frontal({"right_eye_x": 0.4, "left_eye_x": 0.6, "nose_x": nose}) == pytest.approx(said)


def test_without_landmarks_everything_looks_at_us() -> None:
    assert frontal({}) == 1.0
    assert frontal({"right_eye_x": 0.5, "left_eye_x": 0.5, "nose_x": 0.5}) == 0.2


def test_larger_sharper_surer_and_frontal_is_better() -> None:
    image, found = noise(), face(0.2)
    assert found.box is not None
    best = measure(image, found, found.box)
    small = measure(image, found, Box(0.2, 0.3, 0.1, 0.1))
    blurred = measure(cv2.GaussianBlur(image, (0, 0), 3).astype(np.uint8), found, found.box)
    unsure = measure(image, face(0.2, score=0.5), found.box)
    turned = measure(image, Detection("face", 0.9, found.box, dict(found.attributes) | {"nose_x": 0.27}), found.box)
    assert best.quality > max(other.quality for other in (small, blurred, unsure, turned))


def test_each_least_is_looked_at() -> None:
    found = face(0.2)
    assert found.box is not None
    seen = measure(noise(), found, found.box)
    assert seen.pixels == 64
    assert seen.reaches(Least(64, 30, 0.9))
    assert not seen.reaches(Least(65, 30, 0.9))
    assert not seen.reaches(Least(64, 1e6, 0.9))
    assert not seen.reaches(Least(64, 30, 0.91))


def test_a_margin_ends_at_the_edge_of_the_frame() -> None:
    area = with_margin(Box(0.1, 0.8, 0.2, 0.2), 1.0)
    assert (area.x, area.y) == pytest.approx((0, 0.6))
    assert (area.width, area.height) == pytest.approx((0.5, 0.4))


def test_a_crop_is_cut_out_of_its_frame() -> None:
    image = noise()
    jpeg = cut(image, Box(0.25, 0.5, 0.5, 0.25), 1024)
    assert decode_jpeg(jpeg).shape == (60, 160, 3)


def test_a_crop_is_no_larger_than_a_message_may_be() -> None:
    whole = Box(0, 0, 1, 1)
    assert decode_jpeg(cut(noise(2000, 1000), whole, 500)).shape == (500, 250, 3)
    assert len(cut(noise(1400, 1400), whole, 1400)) <= MAX_BYTES


def test_boxes_beyond_the_frame_have_no_pixels_there() -> None:
    assert pixels_of(Box(0.9, 0.9, 0.5, 0.5), 100, 50).shape == (5, 10)
