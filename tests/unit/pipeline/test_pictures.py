"""What is hidden in a picture stays hidden, and the rest stays as it is."""

import numpy as np
import pytest

from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.results import Box
from pipeline.pictures import CELLS, Image, blur, decode, encode, hide

MIDDLE = Box(0.4, 0.4, 0.2, 0.2)


def noise(width: int = 200, height: int = 100) -> Image:
    """A picture in which every pixel counts."""
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def test_a_box_with_its_margin_is_hidden_and_nothing_else_is_touched() -> None:
    before = noise()
    after = hide(before.copy(), [MIDDLE])
    changed = np.argwhere((before != after).any(axis=2))
    assert (changed.min(axis=0).tolist(), changed.max(axis=0).tolist()) == ([36, 72], [63, 127])
    assert int(after[36:64, 72:128].std()) < int(before[36:64, 72:128].std()) / 4


def test_pictures_with_the_same_few_means_cannot_be_told_apart() -> None:
    """Nothing finer than the cells goes into what is left."""
    whole = Box(0, 0, 1, 1)
    board = np.indices((80, 80)).sum(axis=0) % 2 * 255
    coarse = np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8)
    assert len(np.unique(hide(coarse.copy(), [whole]).reshape(-1, 3), axis=0)) == 1
    assert np.array_equal(hide(coarse.copy(), [whole]), hide(255 - coarse, [whole]))
    assert CELLS <= 4


@pytest.mark.parametrize(
    "box", [Box(-0.1, -0.1, 0.2, 0.2), Box(0.95, 0.95, 0.2, 0.2), Box(0.5, 0.5, 0.0, 0.0), Box(2, 2, 1, 1)]
)
def test_boxes_at_and_over_the_edge(box: Box) -> None:
    assert hide(noise(), [box]).shape == (100, 200, 3)


def test_a_tiny_box_in_a_tiny_picture() -> None:
    assert hide(noise(3, 2), [Box(0, 0, 0.1, 0.1)]).shape == (2, 3, 3)


def test_without_boxes_the_bytes_stay() -> None:
    jpeg = encode(noise())
    assert blur(jpeg, []) == jpeg
    assert blur(jpeg, [MIDDLE]) != jpeg


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8 no picture"])
def test_what_is_no_picture_says_so(data: bytes) -> None:
    with pytest.raises(FrameUnreadable):
        decode(data)
