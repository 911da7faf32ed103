"""Owns the bodies of tracks, and of what is counted at lines and zones."""

from uuid import UUID

from pydantic import ConfigDict, Field

from api.responses import Answer, BoxAnswer
from api.tracks.examples import COUNTS, POINTED, TRACK, TRACKS
from pipeline.contracts.regions import Place
from pipeline.contracts.results import TaskName


class SpotAnswer(Answer):
    """Where it stood: of an object the middle of the box's lower edge, of a face the middle of the box."""

    media_time: float = Field(description="seconds")
    x: float
    y: float


class BestFrameAnswer(Answer):
    """Where it is seen best."""

    frame_number: int
    media_time: float = Field(description="seconds")
    box: BoxAnswer
    quality: float = Field(description="0–1; large counts, of faces also sharp and frontal")


class TrackPersonAnswer(Answer):
    """Who a face is, weighed over its track."""

    person_id: UUID
    name: str
    similarity: float = Field(description="0–1, the mean over the frames that said so")
    share: float = Field(description="0–1, how many of its frames said so")


class TrackAnswer(Answer):
    """One thing or face followed through the video; what is said of it is weighed over all of its frames."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRACK]})

    video_id: UUID
    track_id: str
    task: TaskName
    label: str = Field(description="`face` for a face")
    share: float = Field(description="0–1, how much of the confidence of its frames is for this label")
    confidence: float = Field(description="0–1, the highest of a frame")
    frames: int = Field(description="in how many it was found")
    first_frame: int
    last_frame: int
    first_time: float = Field(description="seconds of media time")
    last_time: float = Field(description="seconds of media time")
    dwell_seconds: float
    ended: bool = Field(description="false while it may go on")
    person: TrackPersonAnswer | None
    emotion: str | None = Field(description="the strongest of `attributes`, where emotions were looked for")
    attributes: dict[str, float] = Field(description="means over its frames, such as the seven emotions of a face")
    path: list[SpotAnswer] = Field(description="where it went, at most 64 spots of it")
    best: BestFrameAnswer | None
    picture_url: str


class TracksAnswer(Answer):
    """A page of tracks by their first frame. `complete` says that nothing will be added or changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRACKS]})

    items: list[TrackAnswer]
    next_cursor: str | None
    complete: bool
    through_time: float | None = Field(
        description="seconds of media time up to which tracks are made; null before the first"
    )


class PointAnswer(Answer):
    """A track's box in a frame."""

    frame_number: int
    media_time: float = Field(description="seconds")
    box: BoxAnswer


class PointedTrackAnswer(TrackAnswer):
    """A track with its boxes, frame by frame."""

    model_config = ConfigDict(json_schema_extra={"examples": [POINTED]})

    points: list[PointAnswer]
    thinned: bool = Field(description="whether points were left out evenly, since there are more than 2,000")


class WindowAnswer(Answer):
    """A stretch of media time, in seconds; the end is not in it."""

    from_: float = Field(serialization_alias="from")
    to: float


class CrossingsAnswer(WindowAnswer):
    """Who crossed a line in a stretch of time."""

    in_: int = Field(serialization_alias="in")
    out: int


class LabelCrossings(Answer):
    """What with this label crossed a line."""

    label: str
    in_: int = Field(serialization_alias="in")
    out: int


class DwellAnswer(Answer):
    """Seconds in a zone: of all together, of a visit, and of the longest one."""

    total: float
    mean: float
    longest: float


class OccupancyAnswer(WindowAnswer):
    """How many were in a zone: on average over the time, and in the frame with the most."""

    mean: float
    most: int


class LabelVisits(Answer):
    """What with this label was in a zone."""

    label: str
    visits: int
    tracks: int
    dwell: DwellAnswer


class LineAnswer(Answer):
    """A line; who crosses it from its left to its right, seen along it, goes `in`."""

    name: str
    points: list[Place]


class LineCounts(LineAnswer):
    """Who crossed a line."""

    in_: int = Field(serialization_alias="in")
    out: int
    by_label: list[LabelCrossings]
    over_time: list[CrossingsAnswer]


class ZoneAnswer(Answer):
    """A polygon."""

    name: str
    points: list[Place]


class ZoneCounts(ZoneAnswer):
    """Who was in a zone, and for how long."""

    visits: int = Field(description="who was away for more than two seconds comes for another visit")
    tracks: int
    inside: int = Field(description="how many were in it in the last frame")
    most_at_once: int
    dwell: DwellAnswer
    by_label: list[LabelVisits]
    over_time: list[OccupancyAnswer]


class CountsAnswer(Answer):
    """What was counted at the lines and zones of a video. `complete` says that nothing will be added."""

    model_config = ConfigDict(json_schema_extra={"examples": [COUNTS]})

    video_id: UUID
    complete: bool
    through_time: float | None = Field(description="seconds of media time up to which is counted")
    step: float = Field(description="seconds of a stretch of `over_time`")
    lines: list[LineCounts]
    zones: list[ZoneCounts]
