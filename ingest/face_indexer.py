"""Owns making one vector a track: raw vectors of faces are gathered once the tracks of their frames are made."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from pipeline.contracts.errors import FramewiseError, StoreError
from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.results import Box
from pipeline.contracts.tracks import Track, Tracking, TrackPoints
from pipeline.contracts.videos import Video
from pipeline.erasing.following import overlap
from pipeline.stores.duties import DutyStore
from pipeline.stores.faces import FaceStore, FaceVector, TrackVector, Vector, unit
from pipeline.stores.people import PeopleStore
from pipeline.stores.tracks import TrackStore
from pipeline.stores.videos import VideoStore

DUTY = "faces"
HOLD_SECONDS = 60
PAUSE_SECONDS = 10.0
SAME_FACE = 0.5
DAY = 86_400

log = logging.getLogger(__name__)
Key = tuple[str, str]
"""A track's name and a model's digest."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The stores that raw vectors and tracks are in."""

    videos: VideoStore
    tracks: TrackStore
    faces: FaceStore
    people: PeopleStore


class FaceIndexer:
    """Goes through the raw vectors every few seconds, until `stop`. What was cut off is done again."""

    def __init__(self, stores: Embedded, duties: DutyStore, owner: str) -> None:
        self._stores = stores
        self._duties = duties
        self._owner = owner
        self._stop = threading.Event()

    def run(self) -> None:
        """Make vectors of tracks; a store that fails is asked again at the next round."""
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self.index()
            except FramewiseError as e:
                log.warning("vectors of tracks are put off: %s", e)
            except Exception:
                log.exception("an error while making vectors of tracks")

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def index(self) -> None:
        """One round, if no other process is at it; raises StoreError, once all else is done."""
        wrong: StoreError | None = None
        for video_id, bucket in self._stores.faces.raw_buckets():
            if self._stop.is_set() or not self._duties.take(DUTY, self._owner, HOLD_SECONDS):
                return
            try:
                self._look_at(video_id, bucket)
            except StoreError as error:  # of one video, perhaps: others must not wait for it
                log.warning("vectors of tracks of video %s are put off: %s", video_id, error)
                wrong = error
        if wrong is not None:
            raise wrong

    def _look_at(self, video_id: UUID, bucket: int) -> None:
        video, state = self._stores.videos.get(video_id), self._stores.tracks.state(video_id)
        if video is None:
            self._stores.faces.drop_raw_bucket(video_id, bucket)
        elif state is not None and _is_tracked(video, state, bucket):
            self._gather(video, bucket)
            if self._stores.videos.get(video_id) is None:
                self._stores.faces.forget(video_id, [bucket])

    def _gather(self, video: Video, bucket: int) -> None:
        """Vectors first, then the raw ones go: a face that counts twice after a crash changes little."""
        video_id, faces = video.video_id, self._stores.faces
        summed = summed_by_track(self._stores.tracks.points(video_id, bucket), faces.raw(video_id, bucket))
        known = {(track.track_id, track.model): track for track in faces.tracks(video_id)}
        found = ((self._stores.tracks.get(video_id, name), model, found) for (name, model), found in summed.items())
        made = [
            _joined(_vector(video_id, track, model, vectors), known.get((track.track_id, model)))
            for track, model, vectors in found
            if track is not None
        ]
        faces.save_tracks(made, self._lifetime(video))
        faces.drop_raw_bucket(video_id, bucket)

    def _lifetime(self, video: Video) -> int | None:
        """Seconds after which vectors go: the shortest retention of the collections that the video names."""
        names = video.identification.collections if video.identification else ()
        known = (self._stores.people.collection(name) for name in names)
        return min((c.retention_days * DAY for c in known if c and c.retention_days is not None), default=None)


def _is_tracked(video: Video, state: Tracking, bucket: int) -> bool:
    """Whether the tracks of a bucket are made, and will not be made anew."""
    if state.attempt != video.attempt:
        return False
    return state.complete or (not state.skipped and state.through_frame > (bucket + 1) * BUCKET_FRAMES)


def summed_by_track(points: Sequence[TrackPoints], faces: Sequence[FaceVector]) -> Mapping[Key, list[Vector]]:
    """The raw vectors of each track and model: of the faces that lie where the track was."""
    places: defaultdict[int, list[tuple[Box, str]]] = defaultdict(list)
    for track in points:
        for number, box in zip(track.frames.tolist(), track.boxes.tolist(), strict=True):
            places[number].append((Box(*box), track.track_id))
    found: defaultdict[Key, list[Vector]] = defaultdict(list)
    for face in faces:
        near = max(((overlap(face.box, box), name) for box, name in places[face.frame_number]), default=(0.0, ""))
        if near[0] >= SAME_FACE:
            found[near[1], face.model].append(face.vector)
    return found


def _vector(video_id: UUID, track: Track, model: str, vectors: Sequence[Vector]) -> TrackVector:
    best = track.best.frame_number if track.best is not None else track.first_frame
    mean = unit(np.sum(vectors, axis=0))
    return TrackVector(video_id, track.track_id, model, track.first_time, track.last_time, best, len(vectors), mean)


def _joined(new: TrackVector, known: TrackVector | None) -> TrackVector:
    """The vector of a track that began in an earlier bucket."""
    if known is None:
        return new
    faces = known.faces + new.faces
    return replace(new, faces=faces, vector=unit(known.vector * known.faces + new.vector * new.faces))
