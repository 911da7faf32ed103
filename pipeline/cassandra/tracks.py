"""Owns the track store on Cassandra: tracks by their first frame, points in partitions of 1,000 frame numbers."""

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import CassandraClient, grouped
from pipeline.cassandra.faces import vector_removals
from pipeline.cassandra.track_rows import INSERT, SELECT, from_row, pack, to_row, unpack
from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.contracts.tracks import Track, Tracking, TrackPoints, first_frame_of
from pipeline.stores.tracks import SCANNED_TRACKS, Owed, TrackPage, TrackPlace, TrackQuery

SHARD = 0
TOGETHER = 16
POINTS_TOGETHER = 8
IN_BUCKET = "WHERE video_id = ? AND bucket = ?"
OWED = "SELECT video_id, writetime(since) AS mark FROM tracks_owed WHERE shard = ? LIMIT ?"
STATE = ("attempt", "through_frame", "through_time", "complete", "tracks", "skipped")
SAVE_STATE = f"INSERT INTO tracking (video_id, {', '.join(STATE)}) VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
SAVE_POINTS = "INSERT INTO track_points (video_id, bucket, track_id, points) VALUES (?, ?, ?, ?) USING TIMESTAMP ?"
DELETE_POINTS = f"DELETE FROM track_points USING TIMESTAMP ? {IN_BUCKET}"
UNNAME = "UPDATE tracks SET person = null WHERE video_id = ? AND first_frame = ? AND track_id = ?"


class CassandraTrackStore:
    """TrackStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def owe(self, video_id: UUID) -> None:
        """List a video."""
        self._db.execute(
            "INSERT INTO tracks_owed (shard, video_id, since) VALUES (?, ?, ?)", (SHARD, video_id, datetime.now(UTC))
        )

    def owed(self, limit: int) -> list[Owed]:
        """Listed videos."""
        return [Owed(row.video_id, row.mark) for row in self._db.rows(OWED, (SHARD, limit))]

    def settle(self, owed: Owed) -> None:
        """Take a video off the list as of the time at which it was listed, so that a later entry stays."""
        delete = "DELETE FROM tracks_owed USING TIMESTAMP ? WHERE shard = ? AND video_id = ?"
        self._db.execute(delete, (owed.mark, SHARD, owed.video_id))

    def begin(self, video_id: UUID, buckets: Collection[int], write_timestamp: int) -> None:
        """Delete what was made before."""
        self._db.write_many((DELETE_POINTS, [(write_timestamp, video_id, bucket)]) for bucket in buckets)
        self._db.execute("DELETE FROM tracks USING TIMESTAMP ? WHERE video_id = ?", (write_timestamp, video_id))

    def save_tracks(self, video_id: UUID, tracks: Sequence[Track], write_timestamp: int) -> None:
        """Keep tracks, some in each request."""
        rows = [(video_id, *to_row(track), write_timestamp) for track in tracks]
        self._db.write_many(grouped(INSERT, rows, TOGETHER))

    def save_points(self, video_id: UUID, bucket: int, points: Sequence[TrackPoints], write_timestamp: int) -> None:
        """Keep the points of a bucket, some tracks in each request."""
        rows = [(video_id, bucket, found.track_id, pack(found), write_timestamp) for found in points]
        self._db.write_many(grouped(SAVE_POINTS, rows, POINTS_TOGETHER))

    def save_state(self, video_id: UUID, state: Tracking, write_timestamp: int) -> None:
        """Say how far the tracks are made."""
        self._db.execute(SAVE_STATE, (video_id, *(getattr(state, name) for name in STATE), write_timestamp))

    def state(self, video_id: UUID) -> Tracking | None:
        """How far the tracks are made."""
        row = self._db.execute(f"SELECT {', '.join(STATE)} FROM tracking WHERE video_id = ?", (video_id,)).one()
        return Tracking(**row._asdict()) if row is not None and row.attempt is not None else None

    def page(self, video_id: UUID, query: TrackQuery, limit: int, after: TrackPlace | None = None) -> TrackPage:
        """At most `limit` tracks in order; what is looked at for one page is bounded."""
        found: list[Track] = []
        for looked, track in enumerate(self._after(video_id, after, min(limit + 1, 500)), start=1):
            if query.wants(track):
                if len(found) == limit:
                    return TrackPage(tuple(found), _place(found[-1]))
                found.append(track)
            if looked >= SCANNED_TRACKS:
                return TrackPage(tuple(found), _place(track))
        return TrackPage(tuple(found), None)

    def _after(self, video_id: UUID, after: TrackPlace | None, at_once: int) -> Iterator[Track]:
        where, values = "", tuple[Any, ...]()
        if after is not None:
            where, values = " AND (first_frame, track_id) > (?, ?)", (after.first_frame, after.track_id)
        return (from_row(r) for r in self._db.rows(SELECT + where, (video_id, *values), at_once) if r.task is not None)

    def get(self, video_id: UUID, track_id: str) -> Track | None:
        """One track, whose name says where it stands."""
        first_frame = first_frame_of(track_id)
        if first_frame is None:
            return None
        select = f"{SELECT} AND first_frame = ? AND track_id = ?"
        row = self._db.execute(select, (video_id, first_frame, track_id)).one()
        return from_row(row) if row is not None and row.task is not None else None

    def points(self, video_id: UUID, bucket: int) -> list[TrackPoints]:
        """The points of a bucket."""
        rows = self._db.rows(f"SELECT track_id, points FROM track_points {IN_BUCKET}", (video_id, bucket))
        return [unpack(row.track_id, row.points) for row in rows]

    def points_of(self, video_id: UUID, bucket: int, track_id: str) -> TrackPoints | None:
        """The points of one track."""
        select = f"SELECT track_id, points FROM track_points {IN_BUCKET} AND track_id = ?"
        row = self._db.execute(select, (video_id, bucket, track_id)).one()
        return unpack(row.track_id, row.points) if row is not None else None

    def forget_person(self, video_id: UUID, person_ids: Collection[UUID]) -> int:
        """Take names off the tracks that have them."""
        named = [t for t in self._after(video_id, None, 500) if t.person and t.person.person_id in person_ids]
        for track in named:
            self._db.execute(UNNAME, (video_id, track.first_frame, track.track_id))
        return len(named)


def _place(track: Track) -> TrackPlace:
    return TrackPlace(track.first_frame, track.track_id)


def points_removals(
    places: Sequence[tuple[UUID, int]], write_timestamp: int
) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """The deletes of these buckets' points."""
    for place in places:
        yield DELETE_POINTS, [(write_timestamp, *place)]


def clear_tracks(client: CassandraClient, video_id: UUID, bucket: int) -> None:
    """Delete the points of a bucket whose frames were all cleared, and the tracks that have none beyond it.

    Vectors of their faces go first: biometric data does not stay longer than the frames, in a stream that never ends.
    """
    last = (bucket + 1) * BUCKET_FRAMES
    client.write_many([(DELETE_POINTS, [(time.time_ns() // 1000, video_id, bucket)])])
    begun = client.rows(
        "SELECT first_frame, track_id, last_frame FROM tracks WHERE video_id = ? AND first_frame <= ?", (video_id, last)
    )
    over = [(video_id, row.first_frame, row.track_id) for row in begun if (row.last_frame or 0) <= last]
    client.write_many(vector_removals((video_id, track_id) for _, _, track_id in over))
    delete = "DELETE FROM tracks WHERE video_id = ? AND first_frame = ? AND track_id = ?"
    client.write_many(grouped(delete, over, TOGETHER))


def forget_tracks(client: CassandraClient, video_id: UUID) -> None:
    """Delete what is kept of a removed video's tracks beside its buckets, and what was drawn on it."""
    for table in ("tracks", "tracking", "video_regions"):
        now = time.time_ns() // 1000
        client.execute(f"DELETE FROM {table} USING TIMESTAMP ? WHERE video_id = ?", (now, video_id))
    client.execute("DELETE FROM tracks_owed WHERE shard = ? AND video_id = ?", (SHARD, video_id))
