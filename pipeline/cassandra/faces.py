"""Owns the store of face vectors on Cassandra: raw ones beside the rows, those of tracks under a vector index."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.errors import StoreError
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box
from pipeline.stores.faces import DIMENSIONS, FaceVector, SimilarTrack, TrackVector, Vector, ranked, unit

GROUP_FACES = 32
AT_ONCE = 8
"""Inserts in flight: the index works on each for milliseconds."""
OVER_FETCHED = 50
"""Tracks that are fetched to rank at least: the index finds the best one among so many, not always as the first."""
MOST_FETCHED = 1000
DAY = 86_400
LAST_EXPIRY = 2**31 - 1 - DAY
"""Cassandra refuses what is to go by itself later than in January 2038 (seconds since 1970)."""
RAW = "video_id, bucket, frame_number, model, box, media_time, confidence, vector"
KEEP = f"INSERT INTO face_vectors ({RAW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
IN_BUCKET = "WHERE video_id = ? AND bucket = ?"
DROP = f"DELETE FROM face_vectors USING TIMESTAMP ? {IN_BUCKET}"
DROP_FACE = f"{DROP} AND frame_number = ? AND model = ? AND box = ?"
TRACK = "video_id, track_id, model, first_time, last_time, best_frame, faces, vector"
Write = tuple[str, list[Sequence[Any]]]


class CassandraFaceStore:
    """FaceStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def keep(self, faces: Sequence[FaceVector], write_timestamps: Mapping[UUID, int]) -> None:
        """Keep raw vectors, some in each request."""
        groups: dict[tuple[UUID, int], list[FaceVector]] = defaultdict(list)
        for face in faces:
            groups[face.video_id, bucket_of(face.frame_number)].append(face)
        self._db.write_many(
            (KEEP, [_raw_row(face, write_timestamps[video_id]) for face in members[start : start + GROUP_FACES]])
            for (video_id, _), members in groups.items()
            for start in range(0, len(members), GROUP_FACES)
        )

    def raw_buckets(self) -> Iterator[tuple[UUID, int]]:
        """Every partition."""
        for row in self._db.rows("SELECT DISTINCT video_id, bucket FROM face_vectors"):
            yield row.video_id, row.bucket

    def raw(self, video_id: UUID, bucket: int) -> list[FaceVector]:
        """The raw vectors of a bucket, by frame number."""
        rows = self._db.rows(f"SELECT {RAW} FROM face_vectors {IN_BUCKET}", (video_id, bucket))
        return [_face(row) for row in rows]

    def drop_raw(self, faces: Iterable[FaceVector]) -> None:
        """Delete single ones."""
        now = time.time_ns() // 1000
        self._db.write_many((DROP_FACE, [(now, *_raw_key(face))]) for face in faces)

    def drop_raw_bucket(self, video_id: UUID, bucket: int) -> None:
        """Delete a partition."""
        self._db.execute(DROP, (time.time_ns() // 1000, video_id, bucket))

    def save_tracks(self, tracks: Sequence[TrackVector], seconds: int | None = None) -> None:
        """Keep vectors of tracks; few at once, since the index is made as they are written."""
        lifetime = f" USING TTL {longest(seconds, time.time())}" if seconds else ""
        self._db.write_many(
            (
                (
                    f"INSERT INTO {_table(t.vector)} ({TRACK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?){lifetime}",
                    [(*_key(t), t.first_time, t.last_time, t.best_frame, t.faces, t.vector.tolist())],
                )
                for t in tracks
            ),
            AT_ONCE,
        )

    def tracks(self, video_id: UUID) -> list[TrackVector]:
        """The vectors of a video's tracks."""
        found = (
            self._db.rows(f"SELECT {TRACK} FROM track_vectors_{length} WHERE video_id = ?", (video_id,))
            for length in DIMENSIONS
        )
        return sorted((_track(row) for rows in found for row in rows), key=lambda t: (t.track_id, t.model))

    def all_tracks(self, model: str) -> Iterator[TrackVector]:
        """Reads the tables from end to end."""
        for length in DIMENSIONS:
            for row in self._db.rows(f"SELECT {TRACK} FROM track_vectors_{length}"):
                if row.model == model:
                    yield _track(row)

    def nearest(self, model: str, vector: Vector, limit: int) -> list[SimilarTrack]:
        """What the index says, several times as much as is asked for, in the order of exact similarities."""
        fetched = self.near(vector, min(MOST_FETCHED, max(OVER_FETCHED, 2 * limit)))
        return ranked(fetched, model, vector, limit)

    def near(self, vector: Vector, limit: int) -> list[TrackVector]:
        """What the index takes for the most similar tracks, of any model."""
        select = f"SELECT {TRACK} FROM {_table(vector)} ORDER BY vector ANN OF ? LIMIT {int(limit)}"
        return [_track(row) for row in self._db.rows(select, (unit(vector).tolist(),), limit)]

    def drop_tracks(self, tracks: Iterable[TrackVector]) -> None:
        """Delete single ones."""
        self._db.write_many(_drop(track) for track in tracks)

    def forget(self, video_id: UUID, buckets: Iterable[int]) -> None:
        """Delete the partitions of a video."""
        self._db.write_many(raw_removals(((video_id, bucket) for bucket in buckets), time.time_ns() // 1000))
        forget_track_vectors(self._db, video_id)


def longest(seconds: int, now: float) -> int:
    """So many seconds from `now` (seconds since 1970), or as many whole days as Cassandra takes."""
    return max(1, min(int(seconds), int(LAST_EXPIRY - now) // DAY * DAY))


def raw_removals(places: Iterable[tuple[UUID, int]], write_timestamp: int) -> Iterator[Write]:
    """The deletes of these buckets' raw vectors."""
    for place in places:
        yield DROP, [(write_timestamp, *place)]


def vector_removals(tracks: Iterable[tuple[UUID, str]]) -> Iterator[Write]:
    """The deletes of all vectors of these tracks, by video and name."""
    for track in tracks:
        for length in DIMENSIONS:
            yield f"DELETE FROM track_vectors_{length} WHERE video_id = ? AND track_id = ?", [track]


def forget_track_vectors(client: CassandraClient, video_id: UUID) -> None:
    """Delete the vectors of a video's tracks."""
    for length in DIMENSIONS:
        client.execute(f"DELETE FROM track_vectors_{length} WHERE video_id = ?", (video_id,))


def _table(vector: Vector) -> str:
    if len(vector) not in DIMENSIONS:
        raise StoreError(f"no table keeps vectors of {len(vector)} numbers; there are some for {DIMENSIONS}")
    return f"track_vectors_{len(vector)}"


def _raw_key(face: FaceVector) -> tuple[Any, ...]:
    return face.video_id, bucket_of(face.frame_number), face.frame_number, face.model, face.box.numbers


def _raw_row(face: FaceVector, at: int) -> Sequence[Any]:
    return *_raw_key(face), face.media_time, face.confidence, face.vector.astype("<f2").tobytes(), at


def _face(row: Any) -> FaceVector:
    vector = unit(np.frombuffer(row.vector, "<f2"))
    box = Box(*row.box)
    return FaceVector(row.video_id, row.frame_number, row.model, row.media_time, box, row.confidence, vector)


def _key(track: TrackVector) -> tuple[UUID, str, str]:
    return track.video_id, track.track_id, track.model


def _track(row: Any) -> TrackVector:
    vector = np.asarray(row.vector, np.float32)
    times = (row.first_time, row.last_time)
    return TrackVector(row.video_id, row.track_id, row.model, *times, row.best_frame, row.faces, vector)


def _drop(track: TrackVector) -> Write:
    delete = f"DELETE FROM {_table(track.vector)} WHERE video_id = ? AND track_id = ? AND model = ?"
    return delete, [_key(track)]
