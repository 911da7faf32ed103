"""Owns pictures that somebody else has captured: cameras elsewhere, the edge, older producers."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

CAPTURED = "camera:"
"""How the source of a video begins whose pictures are published to topic `captures`; the camera's id follows."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture of a live video: when it was captured (with a time zone), and its bytes, a JPEG below 1 MB.

    `capture_id` is unique within the video: what comes a second time is left out, so that whoever is not sure that a
    picture has arrived may send it again. `label` is for people, such as the track that the picture shows.
    """

    video_id: UUID
    captured_at: datetime
    capture_id: str
    jpeg: bytes = field(repr=False)
    label: str | None = None


@dataclass(frozen=True, slots=True)
class EndOfCaptures:
    """Nothing more comes of this video."""

    video_id: UUID
