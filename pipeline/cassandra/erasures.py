"""Owns the store of erasures on Cassandra: receipts, briefs, frames, and the list of what is due."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.contracts.erasures import Brief, ErasedFrames, Erasure, ErasureState, KnownFace, Removed
from pipeline.contracts.frames import BUCKET_FRAMES, bucket_of
from pipeline.contracts.results import Box
from pipeline.stores.erasures import ErasedFrame

SHARD = 0
COLUMNS = "erasure_id, requested_at, frames, subjects, key_id, state, rounds, removed, videos, digest, erased_at"
SAVE = f"INSERT INTO erasures ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SAVE_BRIEF = "INSERT INTO erasure_briefs (erasure_id, person_ids, names, faces) VALUES (?, ?, ?, ?)"
LIST = "INSERT INTO due_erasures (shard, due_at, erasure_id) VALUES (?, ?, ?)"
UNLIST = "DELETE FROM due_erasures WHERE shard = ? AND due_at = ? AND erasure_id = ?"
NOTE = "INSERT INTO erased_frames (erasure_id, video_id, frame_number, boxes, size) VALUES (?, ?, ?, ?, ?)"
FRAMES = "SELECT video_id, frame_number, boxes, size FROM erased_frames WHERE erasure_id = ?"


class CassandraErasureStore:
    """ErasureStore on Cassandra. Receipts go by themselves after ninety days."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def begin(self, erasure: Erasure, brief: Brief) -> None:
        """The list comes last: whatever is on it is known."""
        faces = [(f.model, f.threshold, np.asarray(f.vector, "<f4").tobytes()) for f in brief.faces]
        self._db.execute(SAVE_BRIEF, (erasure.erasure_id, {*brief.person_ids}, {*brief.names}, faces))
        self._save(erasure)
        self._list(erasure)

    def _save(self, erasure: Erasure) -> None:
        self._db.execute(SAVE, _to_row(erasure))

    def _list(self, erasure: Erasure) -> None:
        if erasure.due_at is not None:
            self._db.execute(LIST, (SHARD, erasure.due_at, erasure.erasure_id))

    def get(self, erasure_id: UUID) -> Erasure | None:
        """The receipt."""
        row = self._db.execute(f"SELECT {COLUMNS} FROM erasures WHERE erasure_id = ?", (erasure_id,)).one()
        return _from_row(row) if row is not None else None

    def brief(self, erasure_id: UUID) -> Brief:
        """Whom it is about."""
        select = "SELECT person_ids, names, faces FROM erasure_briefs WHERE erasure_id = ?"
        row = self._db.execute(select, (erasure_id,)).one()
        if row is None:
            return Brief()
        return Brief(frozenset(row.person_ids or ()), frozenset(row.names or ()), tuple(map(_face, row.faces or ())))

    def due(self, now: datetime, limit: int) -> list[Erasure]:
        """What waits longest."""
        select = "SELECT erasure_id FROM due_erasures WHERE shard = ? AND due_at <= ? LIMIT ?"
        found = (self.get(row.erasure_id) for row in self._db.rows(select, (SHARD, now, limit)))
        return [erasure for erasure in found if erasure is not None]

    def subjects(self) -> frozenset[str]:
        """Of all that is listed."""
        listed = self._db.rows("SELECT erasure_id FROM due_erasures WHERE shard = ?", (SHARD,))
        found = (self.get(erasure_id) for erasure_id in {row.erasure_id for row in listed})
        return frozenset(subject for erasure in found if erasure for subject in erasure.subjects)

    def count(self, erasure: Erasure) -> None:
        """The row is written anew; the list stays."""
        self._save(erasure)

    def looked(self, before: Erasure, after: Erasure) -> None:
        """Listed anew before the old entry goes, so that none is lost."""
        self._save(after)
        self._list(after)
        if before.due_at is not None and before.due_at != after.due_at:
            self._db.execute(UNLIST, (SHARD, before.due_at, before.erasure_id))
        if not after.knows_whom:
            self._db.execute("DELETE FROM erasure_briefs WHERE erasure_id = ?", (after.erasure_id,))
        if after.due_at is None:
            self._db.execute("DELETE FROM erased_frames WHERE erasure_id = ?", (after.erasure_id,))

    def note(self, erasure_id: UUID, frames: Sequence[ErasedFrame]) -> None:
        """Remember frames."""
        self._db.write_many(
            (NOTE, [(erasure_id, f.video_id, f.frame_number, [box.numbers for box in f.boxes], f.size)]) for f in frames
        )

    def frames(self, erasure_id: UUID, video_id: UUID, bucket: int) -> list[ErasedFrame]:
        """The frames of a bucket."""
        span = (bucket * BUCKET_FRAMES, (bucket + 1) * BUCKET_FRAMES)
        select = f"{FRAMES} AND video_id = ? AND frame_number > ? AND frame_number <= ?"
        return [_frame(row) for row in self._db.rows(select, (erasure_id, video_id, *span))]

    def buckets(self, erasure_id: UUID) -> list[tuple[UUID, int]]:
        """Where there are frames."""
        rows = self._db.rows("SELECT video_id, frame_number FROM erased_frames WHERE erasure_id = ?", (erasure_id,))
        return sorted({(row.video_id, bucket_of(row.frame_number)) for row in rows})

    def forget_frames(self, erasure_id: UUID, video_id: UUID) -> None:
        """Forget the frames of a video that is gone."""
        self._db.execute("DELETE FROM erased_frames WHERE erasure_id = ? AND video_id = ?", (erasure_id, video_id))


def _to_row(erasure: Erasure) -> tuple[Any, ...]:
    return (
        erasure.erasure_id,
        erasure.requested_at,
        erasure.frames.value,
        {*erasure.subjects},
        erasure.key_id,
        erasure.state.value,
        erasure.rounds,
        asdict(erasure.removed),
        {*erasure.videos} if erasure.due_at is not None else None,
        erasure.digest,
        erasure.erased_at,
    )


def _from_row(row: Any) -> Erasure:
    return Erasure(
        row.erasure_id,
        row.requested_at.replace(tzinfo=UTC),
        ErasedFrames(row.frames),
        frozenset(row.subjects or ()),
        row.key_id,
        ErasureState(row.state),
        row.rounds,
        Removed(**row.removed),
        frozenset(row.videos or ()),
        row.digest or "",
        utc(row.erased_at),
    )


def _face(value: Any) -> KnownFace:
    return KnownFace(value.model, value.threshold, tuple(np.frombuffer(value.vector, "<f4").tolist()))


def _frame(row: Any) -> ErasedFrame:
    return ErasedFrame(row.video_id, row.frame_number, tuple(Box(*box) for box in row.boxes or ()), row.size or 0)
