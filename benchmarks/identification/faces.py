"""Owns the faces of the media folder: found, embedded by one model, and labelled with who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from benchmarks.identification.people import clips, pictures
from inference.alignment import frontality
from inference.arrays import Floats, Image
from inference.embedder import aligned_for
from inference.gallery import KnownFaces
from inference.models import Model
from pipeline.contracts.results import Detection


@dataclass(frozen=True, slots=True)
class Face:
    """A face: whose, in which file, which frame of those looked at, and how good it looks."""

    person: str
    file: str
    frame: int
    confidence: float
    frontality: float
    vector: Floats

    @property
    def quality(self) -> float:
        """What the best frame of a clip is chosen by: hands before a face cost confidence, turning it frontality."""
        return self.confidence * self.frontality


def all_faces(detector: Model, embedder: Model, media: Path) -> list[Face]:
    """Every labelled face of the folder."""
    found: list[Face] = []
    for file, step, parts in clips():
        for number, image in enumerate(pictures(media / file, step)):
            found += _faces(detector, embedder, image, file, number, parts)
    return found


def _faces(
    detector: Model,
    embedder: Model,
    image: Image,
    file: str,
    number: int,
    parts: Sequence[tuple[str, float, float]],
) -> list[Face]:
    height, width = image.shape[:2]
    named = [(who, face) for face in detector.predict([image])[0] if (who := _who(face, parts)) is not None]
    vectors = embedder.predict([aligned_for(embedder.card, image, face) for _, face in named])
    return [
        Face(
            who,
            file,
            number,
            face.confidence,
            frontality(face, width, height),
            np.frombuffer(one.embedding or b"", np.float32),
        )
        for (who, face), [one] in zip(named, vectors, strict=True)
    ]


def _who(face: Detection, parts: Sequence[tuple[str, float, float]]) -> str | None:
    left = face.box.x if face.box else 0.0
    return next((who for who, start, end in parts if start <= left < end), None)


def best_of(faces: Sequence[Face], file: str) -> Face:
    """The face of a file that is best to enrol somebody by."""
    return max((face for face in faces if face.file == file), key=lambda face: face.quality)


def gallery_of(faces: Sequence[Face]) -> KnownFaces:
    """These faces, enrolled, each as a person of its own."""
    return KnownFaces.of([(uuid4(), face.person, face.vector.tobytes()) for face in faces])
