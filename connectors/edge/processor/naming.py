"""Owns how pictures are named: by where and when they were captured."""

from datetime import UTC, datetime

from connectors.edge.crops import Crop

WRITTEN = "%Y-%m-%dT%H-%M-%S.%fZ"
SUFFIXES = {"jpeg": ".jpg", "png": ".png"}


def folder_of(crop: Crop) -> str:
    """`site/camera/date`, by the capture time in UTC."""
    return f"{crop.site}/{crop.camera}/{date_of(crop)}"


def date_of(crop: Crop) -> str:
    """The day of the capture, in UTC."""
    return crop.captured_at.astimezone(UTC).date().isoformat()


def stem_of(crop: Crop) -> str:
    """`captured-at_track`, with dashes for colons, which not every file system takes."""
    return f"{crop.captured_at.astimezone(UTC).strftime(WRITTEN)}_{crop.track}"


def captured_at_of(stem: str) -> datetime:
    """The capture time in a name."""
    return datetime.strptime(stem.partition("_")[0], WRITTEN).replace(tzinfo=UTC)
