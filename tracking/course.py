"""Owns the making of one video's tracks: frame by frame in order, bucket by bucket, in memory that does not grow."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pipeline.contracts.frames import BUCKET_FRAMES, bucket_of
from pipeline.contracts.results import ResultRow
from pipeline.contracts.tracks import FACE_TASKS, FOLLOWED, Tracking, TrackPoints, track_id
from pipeline.contracts.videos import Video
from pipeline.stores.frames import FrameStore
from pipeline.stores.results import ResultStore, walk
from pipeline.stores.rows import ResultQuery
from pipeline.stores.tracks import TrackStore
from pipeline.stores.videos import VideoStore
from tracking.findings import Finding, found_in
from tracking.following import ByteTrackFollower, Follower
from tracking.going import Going

PATIENCE = 20.0
"""So long a store that goes away in the middle of a bucket is waited for."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What tracks are made from, and where they are kept."""

    videos: VideoStore
    results: ResultStore
    frames: FrameStore
    tracks: TrackStore


@dataclass
class _Kind:
    """The things, or the faces, of a video: who follows them, and the tracks that go on, by the follower's keys."""

    follower: Follower
    going: dict[str, Going] = field(default_factory=dict)


class Course:
    """One making of a video's tracks, from its first frame on. For one thread.

    The same rows give the same tracks. What an earlier making has kept is replaced track by track, and what is left of
    it deleted by `catch_up`: writes carry rising timestamps that begin with the making, so two that run at once do no
    harm, and what comes after the video's deletion stays away.
    """

    def __init__(
        self,
        stores: Stores,
        video: Video,
        follower: Callable[[], Follower] = ByteTrackFollower,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`alive` is called now and then while a bucket is in work; what it raises ends the course."""
        self._stores = stores
        self._alive = alive
        self._video = video
        self._kinds = {faces: _Kind(follower()) for faces in (False, True) if _asked(video, faces)}
        self._began = self._stamp = time.time_ns() // 1000
        self._first: tuple[int, Sequence[ResultRow]] | None = None
        self._lost: list[Going] = []
        self._made = 0
        self._through = 0
        self._through_time = 0.0
        self.read_to = 0
        self.skipped = False

    @property
    def attempt(self) -> int:
        """The attempt whose rows are read."""
        return self._video.attempt

    def go_on(self, frame_to: int) -> None:
        """Follow through the rows up to a frame; what is behind it must be there for good. Raises StoreError."""
        query = ResultQuery(frozenset(FOLLOWED), frame_from=self.read_to + 1, frame_to=frame_to)
        rows = walk(self._stores.results, self._video.video_id, query, patience=PATIENCE)
        for bucket, frames in groupby(_by_frame(rows), key=lambda frame: bucket_of(frame[0])):
            for frame_number, found in frames:
                self._see(frame_number, found)
            self._keep(bucket)
        self.read_to = max(self.read_to, frame_to)

    def catch_up(self, complete: bool = False) -> None:
        """Say how far it is, and delete what an earlier making left of tracks that are none any more."""
        buckets = [summary.bucket for summary in self._stores.results.summaries(self._video.video_id)]
        self._stores.tracks.begin(self._video.video_id, buckets, self._began)
        state = Tracking(
            self.attempt, self._through, self._through_time, complete, self._made + len(self._running()), self.skipped
        )
        self._stores.tracks.save_state(self._video.video_id, state, self._next())

    def finish(self) -> None:
        """The video has ended, and all of its rows were read. Raises StoreError."""
        self._see_first(None)
        for kind in self._kinds.values():
            self._lost += kind.going.values()
            kind.going.clear()
        self._keep(bucket_of(max(1, self._through)))
        self.catch_up(complete=True)

    def _see(self, frame_number: int, rows: Sequence[ResultRow]) -> None:
        """Follow through one frame. The first waits for the second, which says how far apart they are."""
        self._alive()
        if self._through == 0 and self._first is None:
            self._first = frame_number, rows
            return
        self._see_first(rows[0].media_time)
        self._follow_all(frame_number, rows)

    def _see_first(self, next_time: float | None) -> None:
        if self._first is None:
            return
        (frame_number, rows), self._first = self._first, None
        for kind in self._kinds.values():
            if next_time is not None:
                kind.follower.expect(next_time - rows[0].media_time)
        self._follow_all(frame_number, rows)

    def _follow_all(self, frame_number: int, rows: Sequence[ResultRow]) -> None:
        media_time = rows[0].media_time
        found = found_in(rows)
        for faces, kind in self._kinds.items():
            self._follow(kind, [f for f in found if (f.task in FACE_TASKS) is faces], frame_number, media_time)
        self._through, self._through_time = frame_number, media_time

    def _follow(self, kind: _Kind, found: Sequence[Finding], frame_number: int, media_time: float) -> None:
        for finding, key in zip(found, kind.follower.follow(found, media_time), strict=True):
            if key is None:
                continue
            if key not in kind.going:
                name = track_id(finding.task, frame_number, finding.place)
                kind.going[key] = Going(name, finding, frame_number, media_time)
            kind.going[key].add(finding, frame_number, media_time)
        patience = kind.follower.patience
        for key in [key for key, going in kind.going.items() if media_time - going.last_time > patience]:
            self._lost.append(kind.going.pop(key))

    def _running(self) -> list[Going]:
        return [going for kind in self._kinds.values() for going in kind.going.values() if going.certain]

    def _keep(self, bucket: int) -> None:
        """Keep what is new since the last time: points first, then the tracks that have them."""
        lost, self._lost = [going for going in self._lost if going.certain], []
        running = self._running()
        self._keep_points([*lost, *running])
        ended = [going.track(True, going.candidates.best(self._stored)) for going in lost]
        shown = [g.track(False, g.candidates.likely()) for g in running if g.changed and self._video.live]
        self._stores.tracks.save_tracks(self._video.video_id, [*ended, *shown], self._next())
        for kind in self._kinds.values():
            for going in kind.going.values():
                going.settle(bucket)
        self._made += len(ended)

    def _stored(self, frame_number: int) -> bytes | None:
        """The picture of a frame; many of them take long."""
        self._alive()
        return self._stores.frames.get(self._video.video_id, frame_number)

    def _keep_points(self, tracks: Sequence[Going]) -> None:
        fresh = [(bucket, points) for going in tracks for bucket, points in going.new_points()]
        fresh.sort(key=lambda pair: pair[0])
        for bucket, pairs in groupby(fresh, key=lambda pair: pair[0]):
            points: list[TrackPoints] = [points for _, points in pairs]
            self._stores.tracks.save_points(self._video.video_id, bucket, points, self._next())

    def _next(self) -> int:
        """A write timestamp later than all before; real time runs ahead of it."""
        self._stamp += 1
        return self._stamp


def _asked(video: Video, faces: bool) -> bool:
    """Whether a video's faces, or its things, are looked for."""
    return any((task.name in FACE_TASKS) is faces for task in video.tasks if task.name in FOLLOWED)


def _by_frame(rows: Iterator[ResultRow]) -> Iterator[tuple[int, list[ResultRow]]]:
    for frame_number, found in groupby(rows, key=lambda row: row.frame_number):
        yield frame_number, list(found)


def bucket_end(bucket: int) -> int:
    """The last frame number of a bucket."""
    return (bucket + 1) * BUCKET_FRAMES
