"""Main colours: right shares, merged shades, and the same answer in every process."""

import subprocess
import sys

import numpy as np
import pytest

from inference.colors import main_colors
from inference.outputs import ColorsOutput

SPEC = ColorsOutput(kind="dominant_colors")


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (90, 160, 3), dtype=np.uint8)


def test_shares_are_shares_of_the_frame() -> None:
    image = np.zeros((80, 160, 3), np.uint8)
    image[:, :40] = (0, 0, 255)
    image[:, 40:] = (255, 255, 255)
    assert main_colors(image, SPEC) == [("#ffffff", 0.75), ("#ff0000", 0.25)]


def test_black_grey_and_white_stay_three() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, 20:40], image[:, 40:] = 128, 255
    assert {label for label, _ in main_colors(image, SPEC)} >= {"#000000", "#ffffff"}


def test_shades_of_one_hue_are_one_colour() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[..., 0] = np.linspace(200, 230, 64, dtype=np.uint8)
    assert len(main_colors(image, SPEC)) == 1


def test_a_small_vivid_part_is_a_main_colour() -> None:
    image = _noise(1) // 8 + 100
    image[:20, :20] = (0, 0, 220)
    assert any(int(label[1:3], 16) > 150 > int(label[3:5], 16) for label, _ in main_colors(image, SPEC))


@pytest.mark.parametrize("image", [np.zeros((1, 1, 3), np.uint8), np.zeros((1, 500, 3), np.uint8)])
def test_tiny_pictures(image: np.ndarray) -> None:
    assert main_colors(image, SPEC) == [("#000000", 1.0)]


def test_at_most_as_many_as_the_card_says() -> None:
    assert len(main_colors(_noise(2), ColorsOutput(kind="dominant_colors", colors=3))) == 3


def test_another_process_says_the_same() -> None:
    program = (
        "import numpy as np; from inference.colors import main_colors; from inference.outputs import ColorsOutput;"
        "image = np.random.default_rng(3).integers(0, 256, (90, 160, 3), dtype=np.uint8);"
        "main_colors(image[:50], ColorsOutput(kind='dominant_colors'));"
        "import sys; sys.stdout.write(repr(main_colors(image, ColorsOutput(kind='dominant_colors'))))"
    )
    other = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert other.stdout == repr(main_colors(_noise(3), SPEC))
