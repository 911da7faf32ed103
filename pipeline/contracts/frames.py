"""Owns the frame that travels from ingest to a worker."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pipeline.contracts.results import TaskName, TaskRequest

BUCKET_FRAMES = 1000
"""How many frame numbers share a partition of the stores and a folder of the frame store."""

MAX_FRAME_NUMBER = 2**31 * BUCKET_FRAMES
"""The highest frame number whose bucket fits the stores: two thousand years at 30 frames a second."""


def bucket_of(frame_number: int) -> int:
    """The bucket of a 1-based frame number."""
    return (frame_number - 1) // BUCKET_FRAMES


class StoreFrames(StrEnum):
    """What is kept of a video's frames: the picture, the picture with its faces blurred, or none."""

    FULL = "full"
    BLURRED = "blurred"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Frame:
    """A sampled frame: its place in the video, the JPEG, and what to look for.

    `frame_number` is the 1-based decode index; `media_time` is seconds since the first frame; `width` and
    `height` are the JPEG's pixels; `captured_at` is set for live streams only. `request_id` and `traceparent` are those
    of the video. `live` says that it was captured just now: it does not wait behind files, as one analysed again does.
    """

    video_id: UUID
    attempt: int
    frame_number: int
    media_time: float
    captured_at: datetime | None
    width: int
    height: int
    tasks: tuple[TaskRequest, ...]
    jpeg: bytes
    store: StoreFrames = StoreFrames.FULL
    request_id: str | None = None
    traceparent: str | None = None
    live: bool = False

    @property
    def blurred(self) -> bool:
        """Whether its picture is kept only with the faces hidden."""
        return self.store is StoreFrames.BLURRED

    @property
    def models(self) -> frozenset[TaskName]:
        """The tasks whose models it needs: those that were asked for, and faces where they are hidden."""
        hiding = {TaskName.FACES} if self.blurred else set()
        return frozenset({task.name for task in self.tasks} | hiding)
