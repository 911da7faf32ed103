"""Owns what is remembered of erasures: the contract of a store of receipts, briefs and frames, and its twin."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pipeline.contracts.erasures import Brief, Erasure
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box


@dataclass(frozen=True, slots=True)
class ErasedFrame:
    """A frame in which the person was found, and where; `size` is that of its picture since, 0 when there is none.

    A picture of another size has come late: it is erased again.
    """

    video_id: UUID
    frame_number: int
    boxes: tuple[Box, ...]
    size: int = 0


class ErasureStore(Protocol):
    """Erasures. Only one process at a time works on them. Raises StoreUnavailable; calls may be repeated."""

    def begin(self, erasure: Erasure, brief: Brief) -> None:
        """Write down what is to be erased, before anything is; it is due from then on."""

    def get(self, erasure_id: UUID) -> Erasure | None:
        """The erasure, for some weeks after it."""

    def brief(self, erasure_id: UUID) -> Brief:
        """Whom it is about; an empty one when that is forgotten."""

    def due(self, now: datetime, limit: int) -> list[Erasure]:
        """At most `limit` erasures to look at by `now`, those that wait longest first."""

    def subjects(self) -> frozenset[str]:
        """The digests of the people of all erasures that are looked at still: what comes late must not name them."""

    def count(self, erasure: Erasure) -> None:
        """Keep how an erasure stands in the middle of a round."""

    def looked(self, before: Erasure, after: Erasure) -> None:
        """Keep how an erasure stands after a round.

        Forgets the brief as soon as it is not needed, and frames and videos after the last round.
        """

    def note(self, erasure_id: UUID, frames: Sequence[ErasedFrame]) -> None:
        """Remember frames, in place of what was known of them."""

    def frames(self, erasure_id: UUID, video_id: UUID, bucket: int) -> list[ErasedFrame]:
        """The frames of a bucket that are remembered, ascending."""

    def buckets(self, erasure_id: UUID) -> list[tuple[UUID, int]]:
        """Where there are any."""

    def forget_frames(self, erasure_id: UUID, video_id: UUID) -> None:
        """Forget the frames of a video that is gone."""


@dataclass
class InMemoryErasureStore:
    """The twin for tests and trials."""

    erasures: dict[UUID, Erasure] = field(default_factory=dict)
    briefs: dict[UUID, Brief] = field(default_factory=dict)
    _frames: dict[UUID, dict[tuple[UUID, int], ErasedFrame]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, erasure: Erasure, brief: Brief) -> None:
        with self._lock:
            self.briefs[erasure.erasure_id] = brief
            self.erasures[erasure.erasure_id] = erasure

    def get(self, erasure_id: UUID) -> Erasure | None:
        return self.erasures.get(erasure_id)

    def brief(self, erasure_id: UUID) -> Brief:
        return self.briefs.get(erasure_id, Brief())

    def due(self, now: datetime, limit: int) -> list[Erasure]:
        waiting = [(e.due_at, e) for e in list(self.erasures.values()) if e.due_at is not None and e.due_at <= now]
        return [erasure for _, erasure in sorted(waiting, key=lambda one: one[0])][:limit]

    def count(self, erasure: Erasure) -> None:
        with self._lock:
            self.erasures[erasure.erasure_id] = erasure

    def looked(self, before: Erasure, after: Erasure) -> None:
        with self._lock:
            self.erasures[after.erasure_id] = after
            if not after.knows_whom:
                self.briefs.pop(after.erasure_id, None)
            if after.due_at is None:
                self._frames.pop(after.erasure_id, None)

    def subjects(self) -> frozenset[str]:
        open_ = (erasure for erasure in list(self.erasures.values()) if erasure.due_at is not None)
        return frozenset(subject for erasure in open_ for subject in erasure.subjects)

    def note(self, erasure_id: UUID, frames: Sequence[ErasedFrame]) -> None:
        with self._lock:
            known: dict[tuple[UUID, int], ErasedFrame] = self._frames.setdefault(erasure_id, {})
            known |= {(frame.video_id, frame.frame_number): frame for frame in frames}

    def frames(self, erasure_id: UUID, video_id: UUID, bucket: int) -> list[ErasedFrame]:
        found = self._of(erasure_id).values()
        here = [f for f in found if f.video_id == video_id and bucket_of(f.frame_number) == bucket]
        return sorted(here, key=lambda frame: frame.frame_number)

    def buckets(self, erasure_id: UUID) -> list[tuple[UUID, int]]:
        return sorted({(video_id, bucket_of(number)) for video_id, number in self._of(erasure_id)})

    def forget_frames(self, erasure_id: UUID, video_id: UUID) -> None:
        self._frames[erasure_id] = {p: frame for p, frame in self._of(erasure_id).items() if p[0] != video_id}

    def _of(self, erasure_id: UUID) -> dict[tuple[UUID, int], ErasedFrame]:
        return dict(self._frames.get(erasure_id, {}))
