"""Owns what a crop is: one finding, cut out of a frame of a camera at the edge."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import Box

MAX_BYTES = 900_000
"""Of a picture: what one record of Kafka may hold."""

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True)
class Crop:
    """One finding as JPEG or PNG, with some of what is around it.

    `captured_at` is UTC. `track` names the thing that was followed, within its camera. `box` is where the thing lies
    in the frame, `area` what the picture shows of the frame. `sharpness` is the variance of the Laplacian of the grey
    picture, `score` the detector's confidence, 0–1. `crop_id` is the same however often the crop is sent.
    """

    image: bytes
    site: str
    camera: str
    captured_at: datetime
    track: str
    crop_id: str
    label: str = "face"
    box: Box | None = None
    area: Box | None = None
    sharpness: float | None = None
    score: float | None = None


def crop_id(site: str, camera: str, captured_at: datetime, track: str) -> str:
    """The id of a crop: of what is in it, so that whoever makes it again makes the same."""
    return f"{site}/{camera}/{written(captured_at)}/{track}"


def written(time: datetime) -> str:
    """A capture time as text: UTC, microseconds always. Raises RecordInvalid for one without a time zone."""
    if time.tzinfo is None:
        raise RecordInvalid(f"the capture time {time} has no time zone")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content_type(image: bytes) -> str | None:
    """`image/jpeg` or `image/png` by the first bytes; None for anything else."""
    return next((kind for magic, kind in _MAGIC.items() if image.startswith(magic)), None)
