"""Owns the answers about tracks, and reading them: who went where, and who crossed which line."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack
from uuid import UUID

from pydantic import Field

from framewise.answers import Answer, Box
from framewise.connection import Connection

PAGE = 500

Region = Mapping[str, Any]
"""A line or a zone: `{"name": …, "points": [[x, y], …]}`, fractions (0–1) of the frame."""


class Spot(Answer):
    """Where a track stood, as fractions (0–1) of the frame; seconds of media time."""

    media_time: float
    x: float
    y: float


class BestFrame(Answer):
    """Where a track is seen best."""

    frame_number: int
    media_time: float
    box: Box
    quality: float


class TrackPerson(Answer):
    """Who a face is, weighed over its track."""

    person_id: str
    name: str
    similarity: float
    share: float


class Point(Answer):
    """A track's box in a frame."""

    frame_number: int
    media_time: float
    box: Box


class Track(Answer):
    """One thing or face followed through a video. `points` are there when one track is asked for."""

    track_id: str
    task: str
    label: str
    share: float
    confidence: float
    frames: int
    first_frame: int
    last_frame: int
    first_time: float
    last_time: float
    dwell_seconds: float
    ended: bool = True
    person: TrackPerson | None = None
    emotion: str | None = None
    attributes: dict[str, float] = Field(default_factory=dict)
    path: list[Spot] = Field(default_factory=list)
    best: BestFrame | None = None
    picture_url: str = ""
    points: list[Point] = Field(default_factory=list)


class LineCounts(Answer):
    """Who crossed a line: to its right, seen along it, is in."""

    name: str
    in_: int = Field(alias="in")
    out: int
    by_label: list[dict[str, Any]] = Field(default_factory=list)
    over_time: list[dict[str, Any]] = Field(default_factory=list)


class ZoneCounts(Answer):
    """Who was in a zone; `dwell` holds the seconds of all visits (`total`), their `mean` and the `longest`."""

    name: str
    visits: int
    tracks: int
    inside: int
    most_at_once: int
    dwell: dict[str, float] = Field(default_factory=dict)
    by_label: list[dict[str, Any]] = Field(default_factory=list)
    over_time: list[dict[str, Any]] = Field(default_factory=list)


class Counts(Answer):
    """What was counted at the lines and zones of a video; `complete` says that nothing will be added."""

    complete: bool
    through_time: float | None = None
    step: float
    lines: list[LineCounts] = Field(default_factory=list)
    zones: list[ZoneCounts] = Field(default_factory=list)


class TrackFilter(TypedDict, total=False):
    """Which tracks. Times are seconds of media time; `person` is an id or a name."""

    task: str
    label: str
    person: str
    from_time: float
    to_time: float
    min_seconds: float


class Tracking:
    """Reads tracks, and draws lines and zones."""

    _connection: Connection

    def tracks(self, video_id: str | UUID, limit: int | None = None, **which: Unpack[TrackFilter]) -> Iterator[Track]:
        """What went through a video, by first frame, page by page. Of a file they are made once it has ended."""
        names = {"from_time": "from", "to_time": "to"}
        params = {names.get(name, name): value for name, value in which.items()}
        left, cursor = limit, None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            asked = {**params, "limit": size, "cursor": cursor}
            body = self._connection.json("GET", f"/analysis/{video_id}/tracks", params=asked)
            yield from map(Track.model_validate, body["items"])
            if body["next_cursor"] in (None, cursor):
                return
            cursor = body["next_cursor"]
            left = None if left is None else left - len(body["items"])

    def track(self, video_id: str | UUID, track_id: str) -> Track:
        """One track with its boxes."""
        return Track.model_validate(self._connection.json("GET", f"/analysis/{video_id}/tracks/{track_id}"))

    def track_picture(
        self, video_id: str | UUID, track_id: str, path: str | Path | None = None, *, blur: str | None = None
    ) -> bytes:
        """The JPEG that shows a track best, and written to `path` where one is given."""
        where = f"/analysis/{video_id}/tracks/{track_id}/picture"
        jpeg = self._connection.content(where, params={"blur": blur})
        if path is not None:
            Path(path).write_bytes(jpeg)
        return jpeg

    def draw(self, video_id: str | UUID, lines: Sequence[Region] = (), zones: Sequence[Region] = ()) -> None:
        """Draw lines and zones on a video, in place of those that it has; at any time."""
        body = {"lines": list(lines), "zones": list(zones)}
        self._connection.json("PUT", f"/analysis/{video_id}/regions", json=body)

    def counts(self, video_id: str | UUID, **which: Any) -> Counts:
        """Who crossed lines and who was in zones; filters as the service takes them, such as `label="person"`."""
        return Counts.model_validate(self._connection.json("GET", f"/analysis/{video_id}/counts", params=which))
