"""Owns who is in which file of the media folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from inference.arrays import Image

KNOWN = {
    "biden": ("ident/biden.jpg", "ident/biden2.jpg"),
    "obama": ("ident/obama.jpg", "ident/obama3.jpg"),
    "signer A": ("ident/signerA_again.mkv", "ident/signerA_no.mkv"),
    "signer B": ("ident/signerB_bird.mkv", "ident/signerB_please.mkv"),
    "signer C": ("ident/signerC_book.mkv", "ident/signerC_learn.mkv"),
}
"""The five persons with two files each: in one they are enrolled, in the other they are to be known again."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A person of one file only, or several who are told apart by the part of the frame (x from, to) they stay in."""

    file: str
    step: int
    parts: tuple[tuple[str, float, float], ...]


STRANGERS = (
    Stranger("photos/grace_hopper.jpg", 1, (("hopper", 0, 1),)),
    Stranger("photos/astronaut_collins.png", 1, (("collins", 0, 1),)),
    Stranger("video/carphone_face_qcif.mp4", 5, (("carphone", 0, 1),)),
    Stranger("video/head-pose-face-detection-male_fromgif.mp4", 5, (("head-pose", 0, 1),)),
    Stranger("video/woman_dog.mp4", 10, (("dog owner", 0, 1),)),
    Stranger(
        "video/face-demographics-walking-and-pause_fromgif.mp4",
        5,
        (("demographics left", 0, 0.33), ("demographics middle", 0.38, 0.55), ("demographics right", 0.62, 1)),
    ),
)
"""People who are never enrolled. Of the three who walk up, the boxes' left edges are in these parts of the frame."""


def pictures(path: Path, step: int = 1) -> Iterator[Image]:
    """Every so-many-th frame of a clip, or a photo."""
    if path.suffix in (".jpg", ".png"):
        image = cv2.imread(str(path))
        assert image is not None
        yield image.astype(np.uint8, copy=False)
        return
    with av.open(str(path)) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if number % step == 0:
                yield frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def clips() -> Iterator[tuple[str, int, tuple[tuple[str, float, float], ...]]]:
    """Every file, which of its frames, and who is where in it."""
    for name, files in KNOWN.items():
        for file in files:
            yield file, 1, ((name, 0, 1),)
    for stranger in STRANGERS:
        yield stranger.file, stranger.step, stranger.parts
