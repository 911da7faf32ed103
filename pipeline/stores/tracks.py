"""Owns what is kept of tracks: the contract of a track store, and which tracks are asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pipeline.contracts.results import TaskName
from pipeline.contracts.tracks import Track, Tracking, TrackPoints

SCANNED_TRACKS = 5_000
"""How many tracks one page looks at before it stops, so that a rare label cannot hold a request for long."""


@dataclass(frozen=True, slots=True, order=True)
class TrackPlace:
    """Where a track stands in a video's tracks: by its first frame, then by its name."""

    first_frame: int
    track_id: str


@dataclass(frozen=True, slots=True)
class TrackQuery:
    """Which tracks are wanted; `None` leaves a field open. Times are seconds of media time."""

    task: TaskName | None = None
    label: str | None = None
    person: str | None = None
    time_from: float | None = None
    time_to: float | None = None
    min_seconds: float | None = None

    def wants(self, track: Track) -> bool:
        """Whether a track is one of them; one that is partly within the times is."""
        return (
            (self.task is None or track.task is self.task)
            and (self.label is None or track.label == self.label)
            and (self.person is None or _is(track, self.person))
            and (self.time_from is None or track.last_time >= self.time_from)
            and (self.time_to is None or track.first_time <= self.time_to)
            and (self.min_seconds is None or track.dwell >= self.min_seconds)
        )


def _is(track: Track, person: str) -> bool:
    return track.person is not None and person in (track.person.name, str(track.person.person_id))


@dataclass(frozen=True, slots=True)
class TrackPage:
    """Tracks in order, and where to go on; `next` is None at the end of what is stored."""

    tracks: tuple[Track, ...]
    next: TrackPlace | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A video whose tracks are to be made; `mark` is another one whenever it is listed again."""

    video_id: UUID
    mark: int


class TrackStore(Protocol):
    """Tracks by video, in the order of their first frames, and the list of videos that they are owed to.

    Everything in it is made of results and can be made anew. Of two writes of one row, that with the later write
    timestamp (microseconds) stays. The result store removes a bucket's points with its rows, the video store the rest
    with the video. Raises StoreUnavailable; calls may be repeated.
    """

    def owe(self, video_id: UUID) -> None:
        """List a video; comes before the video itself is kept, and before it is tried again."""

    def owed(self, limit: int) -> list[Owed]:
        """At most `limit` of the listed videos."""

    def settle(self, owed: Owed) -> None:
        """Take a video off the list, unless it was listed again."""

    def begin(self, video_id: UUID, buckets: Collection[int], write_timestamp: int) -> None:
        """Delete what was made before: all tracks, and the points in these buckets."""

    def save_tracks(self, video_id: UUID, tracks: Sequence[Track], write_timestamp: int) -> None:
        """Keep tracks, in place of what was said of the same ones."""

    def save_points(self, video_id: UUID, bucket: int, points: Sequence[TrackPoints], write_timestamp: int) -> None:
        """Keep the points of a bucket, track by track, in place of what was said of the same ones."""

    def save_state(self, video_id: UUID, state: Tracking, write_timestamp: int) -> None:
        """Say how far the tracks are made; comes after what it says."""

    def state(self, video_id: UUID) -> Tracking | None:
        """How far the tracks are made."""

    def page(self, video_id: UUID, query: TrackQuery, limit: int, after: TrackPlace | None = None) -> TrackPage:
        """At most `limit` tracks in order; a page may hold fewer and still have a `next`."""

    def get(self, video_id: UUID, track_id: str) -> Track | None:
        """One track."""

    def points(self, video_id: UUID, bucket: int) -> list[TrackPoints]:
        """The points of a bucket, track by track."""

    def points_of(self, video_id: UUID, bucket: int, track_id: str) -> TrackPoints | None:
        """The points of one track in a bucket."""

    def forget_person(self, video_id: UUID, person_ids: Collection[UUID]) -> int:
        """Take these people's names off the tracks of a video; how many tracks had one."""
