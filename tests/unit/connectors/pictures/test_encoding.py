"""The child that decodes what is no small JPEG."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import cv2
import numpy as np
import pytest

from connectors.pictures.encoding import ChildEncoder
from connectors.pictures.whole import Picture
from pipeline.contracts.errors import RecordInvalid
from tests.unit.connectors.camera.pictures import a_jpeg, a_png


@pytest.fixture(scope="module")
def encoder() -> Iterator[ChildEncoder]:
    found = ChildEncoder()
    yield found
    found.close()


def test_a_jpeg_that_fits_stays_as_it_is(encoder: ChildEncoder) -> None:
    assert encoder.jpeg(Picture(a_jpeg(), "jpeg"), 100_000) is a_jpeg()


def test_a_png_becomes_a_jpeg_and_what_is_too_large_a_smaller_one(encoder: ChildEncoder) -> None:
    assert _pixels(encoder.jpeg(Picture(a_png(), "png"), 100_000)).shape == (48, 64, 3)
    large = a_jpeg(640, 480)
    small = encoder.jpeg(Picture(large, "jpeg"), 2_000)
    assert len(small) <= 2_000 < len(large)
    assert _pixels(small).shape[0] < 480


def test_what_ends_or_hangs_the_child_is_refused_and_the_next_picture_is_decoded() -> None:
    with closing(ChildEncoder(patience=60)) as encoder:
        with pytest.raises(RecordInvalid, match="cannot be decoded"):
            encoder.jpeg(Picture(b"\x89PNG no picture", "png"), 1000)
        child = encoder._child
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)
        encoder._patience = 0.2
        with pytest.raises(RecordInvalid):
            encoder.jpeg(Picture(a_png(), "png"), 100_000)
        assert child.returncode is not None, "one that may still be ending is not asked again"
        encoder._patience = 60
        assert encoder.jpeg(Picture(a_png(), "png"), 100_000).startswith(b"\xff\xd8")


def _pixels(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image
