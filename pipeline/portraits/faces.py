"""Owns what is known of the faces in one picture, and the protocol of who can say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import Box

Point = tuple[float, float]


class PictureUnreadable(FramewiseError):
    """A picture that cannot be decoded, or is too large to be."""

    type = "picture-unreadable"
    title = "The picture cannot be read"


class PortraitsUnavailable(FramewiseError):
    """Nobody can look at pictures now: no face model, no embedding model, or the process for it does not answer."""

    type = "portraits-unavailable"
    title = "Pictures of faces cannot be read now"


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model that makes vectors of faces; two are of one person when their cosine reaches `threshold`."""

    name: str
    digest: str
    dimensions: int
    threshold: float


@dataclass(frozen=True, slots=True)
class PortraitFace:
    """A face in a picture.

    `points` are its five landmarks as fractions of the picture: right eye, left eye, nose, right and left corner of the
    mouth. `size` is pixels of the box's shorter side. `sharpness` is higher the more detail the face shows, near 0
    for one out of focus. `frontality` is 1 for a face that looks straight at the camera and 0 for one in profile.
    `picture` is a JPEG of the face with its surroundings. `vectors` are float32 of length 1 by model digest.
    """

    box: Box
    confidence: float
    points: tuple[Point, ...]
    size: int
    sharpness: float
    frontality: float
    picture: bytes = b""
    vectors: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a picture shows: its pixels, its faces (largest first), who embedded them, and which models could not."""

    width: int
    height: int
    faces: tuple[PortraitFace, ...]
    models: tuple[EmbeddingModel, ...]
    missing: Mapping[str, str] = field(default_factory=dict)


class Portraits(Protocol):
    """Looks at pictures. Safe for threads; one picture at a time is looked at."""

    def read(self, picture: bytes, box: Box | None = None) -> Portrait:
        """The faces of a JPEG, PNG or WebP; with a box only the face that fills it best, if there is one.

        Raises PictureUnreadable, PortraitsUnavailable, or TooManyRequests when too many wait already.
        """

    def close(self) -> None:
        """Let go of what it holds; it may be used again."""
