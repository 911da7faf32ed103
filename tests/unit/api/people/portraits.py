"""Owns what the tests of people are made of: pictures with known faces."""

from dataclasses import replace

import numpy as np

from pipeline.contracts.results import Box
from pipeline.portraits.faces import EmbeddingModel, Portrait, PortraitFace

MODEL = EmbeddingModel("tiny", "d" * 64, 4, 0.5)
NEWER = EmbeddingModel("newer", "e" * 64, 4, 0.5)


def face(*values: float, size: int = 120, sharpness: float = 0.2, picture: bytes = b"cut") -> PortraitFace:
    """A good face with this vector."""
    vector = (np.array(values, np.float32) / np.linalg.norm(values)).astype(np.float32).tobytes()
    return PortraitFace(
        Box(0.25, 0.25, 0.5, 0.5), 0.95, ((0.4, 0.4),) * 5, size, sharpness, 0.9, picture, {MODEL.digest: vector}
    )


def portrait(*faces: PortraitFace) -> Portrait:
    """A picture of these faces."""
    return Portrait(400, 300, faces, (MODEL,))


def by_both(found: Portrait) -> Portrait:
    """The same, once there is another model."""
    faces = tuple(replace(f, vectors={**f.vectors, NEWER.digest: f.vectors[MODEL.digest]}) for f in found.faces)
    return replace(found, faces=faces, models=(MODEL, NEWER))


ANNA, BERT = b"\xff\xd8\xffAnna", b"\xff\xd8\xffBert"
NOBODY, TWO, SMALL, BLURRED = b"\xff\xd8\xffnobody", b"\xff\xd8\xfftwo", b"\xff\xd8\xffsmall", b"\xff\xd8\xffblurred"
PICTURES = {
    ANNA: portrait(face(1, 0, 0, 0, picture=b"Anna's face")),
    BERT: portrait(face(0, 1, 0, 0)),
    b"Anna's face": portrait(face(1, 0, 0, 0)),
    NOBODY: portrait(),
    TWO: portrait(face(1, 0, 0, 0), face(0, 1, 0, 0)),
    SMALL: portrait(face(1, 0, 0, 0, size=20)),
    BLURRED: portrait(face(1, 0, 0, 0, sharpness=0.005)),
}
