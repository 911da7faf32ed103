"""Owns a track: one thing or face followed through a video, smoothed, and the picture that shows it best."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.results import Box, TaskName

FACE_TASKS = (TaskName.FACES, TaskName.EMOTIONS, TaskName.IDENTITIES)
"""The tasks whose boxes are faces, found once a frame for all of them."""
FACE = "face"
FOLLOWED = (TaskName.OBJECTS, *FACE_TASKS)
"""The tasks whose findings are followed."""
TRACK_ID = re.compile(r"([of])([1-9]\d{0,15})-(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stood: `x`, `y` are fractions (0–1) of the frame, `media_time` is in seconds.

    Of an object it is the middle of the box's lower edge, of a face the middle of the box.
    """

    media_time: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class BestFrame:
    """Where a track is seen best; `quality` (0–1) tells sharp, large and frontal pictures from others."""

    frame_number: int
    media_time: float
    box: Box
    quality: float


@dataclass(frozen=True, slots=True)
class TrackPerson:
    """Who a face's track is: `similarity` is the mean over the frames that said so, `share` how many did (0–1)."""

    person_id: UUID
    name: str
    similarity: float
    share: float


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed through a video; what is said of it is weighed over all of its frames.

    `label` is what most of its confidence says, `share` (0–1) how much of it. `confidence` is the highest of a frame.
    Frame numbers and media times (seconds) are those of the first and the last frame in which it was found; `frames` is
    in how many. `attributes` are means of named numbers, such as a face's seven emotions. `ended` says that it was
    lost, or the video is over.
    """

    track_id: str
    task: TaskName
    label: str
    share: float
    confidence: float
    frames: int
    first_frame: int
    last_frame: int
    first_time: float
    last_time: float
    path: tuple[Spot, ...] = ()
    best: BestFrame | None = None
    person: TrackPerson | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)
    ended: bool = True

    @property
    def dwell(self) -> float:
        """Seconds from its first frame to its last."""
        return self.last_time - self.first_time

    @property
    def emotion(self) -> str | None:
        """The strongest of its emotions, if they were looked for."""
        return max(self.attributes, key=lambda name: self.attributes[name], default=None)


@dataclass(frozen=True, slots=True, eq=False)
class TrackPoints:
    """The frames of a track that lie in one bucket, ascending: numbers [n], media times [n] (seconds) and boxes [n, 4]
    (x, y, width, height in fractions of the frame).
    """

    track_id: str
    frames: NDArray[np.int64]
    times: NDArray[np.float64]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tracking:
    """How far the tracks of a video are made: up to which frame, in which attempt, and whether that is all.

    `skipped` says that frames were left out that came too late; then all are made anew when the video has ended.
    """

    attempt: int
    through_frame: int
    through_time: float
    complete: bool
    tracks: int = 0
    skipped: bool = False


def track_id(task: TaskName, first_frame: int, place: int) -> str:
    """The name of the track that began with a frame's `place`-th finding: the same whoever analysed it, and when."""
    return f"{'f' if task in FACE_TASKS else 'o'}{first_frame}-{place}"


def first_frame_of(name: str) -> int | None:
    """The frame that a track's name says; None for what is not a name of a track."""
    found = TRACK_ID.fullmatch(name)
    return int(found[2]) if found else None
