"""Owns what is remembered of deletions: the contract of the store of tombstones, and its in-memory twin."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from pipeline.contracts.videos import Video, VideoStatus

STEPS = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600, 6 * 3600, 25 * 3600))
"""How long after a deletion its video is looked at again: workers may have frames in hand for minutes, the topic keeps
them for a day."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A video that was deleted, when, as what it was listed then, and whose it was (`key_id`)."""

    video_id: UUID
    deleted_at: datetime
    created_at: datetime
    status: VideoStatus
    finished_at: datetime | None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class DueWipe:
    """A deleted video to look at again: when, and for which time (0 the first)."""

    video_id: UUID
    due_at: datetime
    deleted_at: datetime
    step: int

    def next(self, found: bool, now: datetime) -> "DueWipe | None":
        """When to look after this time; as soon again when something had come back. None after the last time."""
        if found:
            return replace(self, due_at=max(now, self.due_at) + STEPS[min(self.step, 2)])
        if self.step + 1 >= len(STEPS):
            return None
        return replace(self, step=self.step + 1, due_at=max(now, self.deleted_at + STEPS[self.step + 1]))


class DeletionStore(Protocol):
    """Tombstones, kept for longer than any topic keeps a record. Raises StoreUnavailable; calls may be repeated."""

    def enter(self, video: Video) -> Deletion:
        """Write down that a video, as given, is deleted from now on, and that it is to be looked at again.

        Comes before anything is removed. Entered again, the first time stays and the state is that given last.
        """

    def get(self, video_id: UUID) -> Deletion | None:
        """The tombstone of a video."""

    def due(self, now: datetime, limit: int) -> list[DueWipe]:
        """At most `limit` videos to look at again by `now`, those that wait longest first."""

    def looked(self, due: DueWipe, again: DueWipe | None) -> None:
        """A video was looked at; `again` says when to do so next."""


def deletion_of(video: Video, before: Deletion | None) -> Deletion:
    """The tombstone of a video as it is now, `before` being what was entered earlier."""
    now = datetime.now(UTC)
    at = before.deleted_at if before else now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Deletion(video.video_id, at, video.created_at, video.status, video.finished_at, video.key_id)


def first_wipe(deletion: Deletion) -> DueWipe:
    """When a deleted video is looked at for the first time."""
    return DueWipe(deletion.video_id, deletion.deleted_at + STEPS[0], deletion.deleted_at, 0)


@dataclass
class InMemoryDeletionStore:
    """The twin for tests and trials."""

    _deleted: dict[UUID, Deletion] = field(default_factory=dict)
    _due: set[DueWipe] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, video: Video) -> Deletion:
        with self._lock:
            deletion = deletion_of(video, self._deleted.get(video.video_id))
            self._deleted[video.video_id] = deletion
            self._due.add(first_wipe(deletion))
            return deletion

    def get(self, video_id: UUID) -> Deletion | None:
        return self._deleted.get(video_id)

    def due(self, now: datetime, limit: int) -> list[DueWipe]:
        with self._lock:
            waiting = [due for due in self._due if due.due_at <= now]
        return sorted(waiting, key=lambda due: (due.due_at, due.video_id))[:limit]

    def looked(self, due: DueWipe, again: DueWipe | None) -> None:
        with self._lock:
            self._due.discard(due)
            if again is not None:
                self._due.add(again)
