"""Owns the rows of tracks in CQL: columns, statements, and how they become what the pipeline knows."""

import zlib
from typing import Any

import numpy as np

from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import Box, TaskName
from pipeline.contracts.tracks import BestFrame, Spot, Track, TrackPerson, TrackPoints

PLAIN = (
    "track_id",
    "first_frame",
    "label",
    "share",
    "confidence",
    "frames",
    "last_frame",
    "first_time",
    "last_time",
    "ended",
)
COLUMNS = (*PLAIN, "task", "path", "best", "person", "attributes")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM tracks WHERE video_id = ?"
INSERT = (
    f"INSERT INTO tracks (video_id, {', '.join(COLUMNS)}) VALUES (?, {', '.join('?' * len(COLUMNS))}) USING TIMESTAMP ?"
)
POINT_BYTES = 8 + 8 + 4 * 4
"""Of a frame's number, its media time and its box."""


def to_row(track: Track) -> list[Any]:
    """The values of COLUMNS."""
    best, person = track.best, track.person
    return [
        *(getattr(track, name) for name in PLAIN),
        track.task.value,
        [(spot.media_time, spot.x, spot.y) for spot in track.path],
        (best.frame_number, best.media_time, best.box.numbers, best.quality) if best else None,
        (person.person_id, person.name, person.similarity, person.share) if person else None,
        dict(track.attributes),
    ]


def from_row(row: Any) -> Track:
    """The track of a row with COLUMNS."""
    best, person = row.best, row.person
    return Track(
        **{name: getattr(row, name) for name in PLAIN},
        task=TaskName(row.task),
        path=tuple(Spot(*spot) for spot in row.path or ()),
        best=BestFrame(best.frame_number, best.media_time, Box(*best.box), best.quality) if best else None,
        person=TrackPerson(*person) if person else None,
        attributes=dict(row.attributes or {}),
    )


def pack(points: TrackPoints) -> bytes:
    """Points as they are kept."""
    parts = (points.frames.astype("<i8"), points.times.astype("<f8"), points.boxes.astype("<f4"))
    return zlib.compress(b"".join(part.tobytes() for part in parts), 1)


def unpack(track_id: str, blob: bytes) -> TrackPoints:
    """Points as they were kept; raises RecordInvalid."""
    try:
        raw = zlib.decompress(blob)
    except zlib.error as e:
        raise RecordInvalid(f"the points of track {track_id} cannot be read: {e}") from e
    count, rest = divmod(len(raw), POINT_BYTES)
    if rest:
        raise RecordInvalid(f"the points of track {track_id} cannot be read: {rest} bytes too many")
    return TrackPoints(
        track_id,
        np.frombuffer(raw, "<i8", count),
        np.frombuffer(raw, "<f8", count, 8 * count),
        np.frombuffer(raw, "<f4", 4 * count, 16 * count).reshape(-1, 4),
    )
