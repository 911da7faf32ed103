"""Owns event ids: the place of an event in the one order that a video's events have."""

import re
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.rows import RowPlace, WrittenRow


class Stage(IntEnum):
    """The parts of an attempt, in their order."""

    START = 0
    PENDING = 1
    PROCESSING = 2
    ROWS = 3
    ENDED = 4


STATES = {"pending": Stage.PENDING, "processing": Stage.PROCESSING, "ended": Stage.ENDED}
NAMES = {stage: name for name, stage in STATES.items()}
ID = re.compile(rf"([0-9a-f]{{8}})-(\d{{1,18}})-(?:({'|'.join(STATES)})|([1-9]\d{{0,15}})-({'|'.join(TaskName)}))")


@dataclass(frozen=True, slots=True, order=True)
class EventPlace:
    """Where an event stands: by attempt, then by stage, then by frame number and task.

    An attempt is named by its write timestamp, since that is what its rows carry.
    """

    attempt_timestamp: int = -1
    stage: Stage = Stage.START
    frame_number: int = 0
    task: str = ""

    @property
    def row(self) -> RowPlace:
        """Behind which row the rows that follow are."""
        return RowPlace(self.frame_number, self.task)


class UnknownEventId(ValueError):
    """An id that is not one of this video's."""


def row_place(written: WrittenRow) -> EventPlace:
    """The place of a row."""
    return EventPlace(written.attempt_timestamp, Stage.ROWS, written.row.frame_number, written.row.task.value)


def state_place(video: Video) -> EventPlace:
    """The place of the event that says in which state a video is."""
    stage = Stage.ENDED if video.status.terminal else STATES[video.status.value]
    return EventPlace(video.attempt_timestamp, stage)


def event_id(video_id: UUID, place: EventPlace) -> str:
    """The id of the event at a place: the video, the attempt, and a state or a frame number with a task."""
    what = NAMES.get(place.stage) or f"{place.frame_number}-{place.task}"
    return f"{_short(video_id)}-{place.attempt_timestamp}-{what}"


def parse_id(text: str, video: Video) -> EventPlace:
    """The place of an event of this video; raises UnknownEventId."""
    found = ID.fullmatch(text)
    if found is None:
        raise UnknownEventId("it is not an id that this service gave; leave it out to begin at the first event")
    owner, attempt, state, number, task = found.groups()
    if owner != _short(video.video_id) or int(attempt) > video.attempt_timestamp:
        raise UnknownEventId("it belongs to another video; leave it out to begin at the first event")
    if state:
        return EventPlace(int(attempt), STATES[state])
    return EventPlace(int(attempt), Stage.ROWS, int(number), task)


def nothing_follows(place: EventPlace, video: Video) -> bool:
    """Whether the last event there is was received."""
    return video.status.terminal and place >= state_place(video)


def stage_of(status: VideoStatus) -> Stage:
    """The stage that an event of a state which has not ended belongs to."""
    return STATES[status.value]


def _short(video_id: UUID) -> str:
    return video_id.hex[:8]
