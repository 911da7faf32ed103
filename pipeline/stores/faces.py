"""Owns what is kept of faces for the search: the contract of a store of face vectors, and its in-memory twin.

Vectors are biometric data. Raw ones, one a face and frame, lie beside the rows for some days at most and go once the
tracks of their frames are made; one a track stays, for the search. Only videos that ask for it have either.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box

Vector = NDArray[np.float32]
"""[dimensions], of length 1: the product of two is their similarity."""
DIMENSIONS = (256, 1024)
"""The lengths of vectors that there are tables for."""


@dataclass(frozen=True, slots=True)
class FaceVector:
    """A face of one frame as an embedding model (named by its digest) sees it."""

    video_id: UUID
    frame_number: int
    model: str
    media_time: float
    box: Box
    confidence: float
    vector: Vector = field(compare=False)


@dataclass(frozen=True, slots=True)
class TrackVector:
    """What an embedding model makes of all faces of a track: their weighed mean. Times are seconds of media time."""

    video_id: UUID
    track_id: str
    model: str
    first_time: float
    last_time: float
    best_frame: int
    faces: int
    vector: Vector = field(compare=False)


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """A track and how similar its vector is to the one that was asked for (-1 to 1)."""

    track: TrackVector
    similarity: float


class FaceStore(Protocol):
    """Face vectors. Raises StoreUnavailable when it does not answer; calls may be repeated."""

    def keep(self, faces: Sequence[FaceVector], write_timestamps: Mapping[UUID, int]) -> None:
        """Keep raw vectors for some days; `write_timestamps` gives each video's attempt timestamp (microseconds)."""

    def raw_buckets(self) -> Iterator[tuple[UUID, int]]:
        """Every video and bucket that has raw vectors."""

    def raw(self, video_id: UUID, bucket: int) -> list[FaceVector]:
        """The raw vectors of a bucket, by frame number."""

    def drop_raw(self, faces: Iterable[FaceVector]) -> None:
        """Delete single raw vectors."""

    def drop_raw_bucket(self, video_id: UUID, bucket: int) -> None:
        """Delete the raw vectors of a bucket: its tracks are made, or it goes."""

    def save_tracks(self, tracks: Sequence[TrackVector], seconds: int | None = None) -> None:
        """Keep vectors of tracks in place of what was kept of them; they go by themselves after `seconds`, if given.

        Raises StoreError for a vector of a length that there is no table for.
        """

    def tracks(self, video_id: UUID) -> list[TrackVector]:
        """The vectors of a video's tracks."""

    def all_tracks(self, model: str) -> Iterator[TrackVector]:
        """Every vector that a model made: reads all there are."""

    def nearest(self, model: str, vector: Vector, limit: int) -> list[SimilarTrack]:
        """The tracks most similar to a vector, best first; exact in order, nearly all of the best `limit` there are."""

    def drop_tracks(self, tracks: Iterable[TrackVector]) -> None:
        """Delete vectors of single tracks."""

    def forget(self, video_id: UUID, buckets: Iterable[int]) -> None:
        """Delete all there is of a video that goes."""


def unit(vector: Sequence[float] | NDArray[np.floating]) -> Vector:
    """A vector as one of length 1; one of zeros as it is."""
    found = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(found))
    return found / np.float32(length) if length else found


def ranked(tracks: Iterable[TrackVector], model: str, vector: Vector, limit: int) -> list[SimilarTrack]:
    """The tracks of a model by exact similarity, best first."""
    asked = unit(vector)
    same = [t for t in tracks if t.model == model and t.vector.shape == asked.shape]
    if not same:
        return []
    sure = np.stack([t.vector for t in same]) @ asked
    order = sorted(range(len(same)), key=lambda i: (-sure[i], same[i].video_id, same[i].track_id))
    return [SimilarTrack(same[i], float(sure[i])) for i in order[:limit]]


@dataclass
class InMemoryFaceStore:
    """The twin for tests and trials; nothing goes by itself."""

    faces: dict[tuple[object, ...], FaceVector] = field(default_factory=dict)
    vectors: dict[tuple[UUID, str, str], TrackVector] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, faces: Sequence[FaceVector], write_timestamps: Mapping[UUID, int]) -> None:
        with self._lock:
            self.faces |= {_place(face): face for face in faces}

    def raw_buckets(self) -> Iterator[tuple[UUID, int]]:
        yield from sorted({(face.video_id, bucket_of(face.frame_number)) for face in list(self.faces.values())})

    def raw(self, video_id: UUID, bucket: int) -> list[FaceVector]:
        found = [f for f in list(self.faces.values()) if (f.video_id, bucket_of(f.frame_number)) == (video_id, bucket)]
        return sorted(found, key=lambda face: (face.frame_number, face.model, face.box.x))

    def drop_raw(self, faces: Iterable[FaceVector]) -> None:
        for face in faces:
            self.faces.pop(_place(face), None)

    def drop_raw_bucket(self, video_id: UUID, bucket: int) -> None:
        self.drop_raw(self.raw(video_id, bucket))

    def save_tracks(self, tracks: Sequence[TrackVector], seconds: int | None = None) -> None:
        with self._lock:
            self.vectors |= {(track.video_id, track.track_id, track.model): track for track in tracks}

    def tracks(self, video_id: UUID) -> list[TrackVector]:
        found = [track for track in list(self.vectors.values()) if track.video_id == video_id]
        return sorted(found, key=lambda track: (track.track_id, track.model))

    def all_tracks(self, model: str) -> Iterator[TrackVector]:
        yield from (track for track in list(self.vectors.values()) if track.model == model)

    def nearest(self, model: str, vector: Vector, limit: int) -> list[SimilarTrack]:
        return ranked(list(self.vectors.values()), model, vector, limit)

    def drop_tracks(self, tracks: Iterable[TrackVector]) -> None:
        for track in tracks:
            self.vectors.pop((track.video_id, track.track_id, track.model), None)

    def forget(self, video_id: UUID, buckets: Iterable[int]) -> None:
        with self._lock:
            self.faces = {place: face for place, face in self.faces.items() if face.video_id != video_id}
            self.vectors = {place: track for place, track in self.vectors.items() if track.video_id != video_id}


def _place(face: FaceVector) -> tuple[object, ...]:
    return face.video_id, face.frame_number, face.model, face.box
