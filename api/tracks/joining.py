"""Owns how results say to which track a finding belongs: joined when they are read, by the very box."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

import numpy as np

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box, Detection, ResultRow
from pipeline.contracts.tracks import FACE_TASKS, FOLLOWED
from pipeline.stores.tracks import TrackStore

Place = tuple[int, bool, bytes]
"""A frame number, whether it is a face, and the box as it is kept with the track."""


def with_tracks(store: TrackStore, video_id: UUID, rows: Iterable[ResultRow]) -> Iterator[ResultRow]:
    """Rows in their order, each finding with the name of its track; a bucket's points are in memory at a time."""
    known: tuple[int, dict[Place, str]] = (-1, {})
    for row in rows:
        if row.task not in FOLLOWED or not row.detections:
            yield row
            continue
        bucket = bucket_of(row.frame_number)
        if known[0] != bucket:
            known = bucket, _places(store, video_id, bucket)
        yield _named(row, known[1]) if known[1] else row


def _places(store: TrackStore, video_id: UUID, bucket: int) -> dict[Place, str]:
    return {
        (frame, points.track_id.startswith("f"), box.tobytes()): points.track_id
        for points in store.points(video_id, bucket)
        for frame, box in zip(points.frames.tolist(), points.boxes, strict=True)
    }


def _named(row: ResultRow, places: dict[Place, str]) -> ResultRow:
    faces = row.task in FACE_TASKS

    def named(found: Detection) -> Detection:
        if found.box is None:
            return found
        return replace(found, track_id=places.get((row.frame_number, faces, _kept(found.box))))

    return replace(row, detections=tuple(map(named, row.detections)))


def _kept(box: Box) -> bytes:
    return np.array(box.numbers, np.float32).tobytes()
