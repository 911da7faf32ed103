"""Owns the in-memory twin of the video store, for tests and trials."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from pipeline import bitmap
from pipeline.contracts.errors import Conflict, NotFound, Problem
from pipeline.contracts.videos import (
    RETRIABLE,
    Lease,
    SourceProgress,
    Video,
    VideoStatus,
    predecessors,
)
from pipeline.stores.videos import CreatedCursor, EndedCursor, Listing


@dataclass
class InMemoryVideoStore:
    """The twin for tests and trials: the same promises, in one process."""

    _videos: dict[UUID, Video] = field(default_factory=dict)
    _leases: dict[UUID, tuple[str, float]] = field(default_factory=dict)
    _epochs: dict[UUID, int] = field(default_factory=dict)
    _progress: dict[UUID, SourceProgress] = field(default_factory=dict)
    _sampled: dict[tuple[UUID, int], tuple[int, ...]] = field(default_factory=dict)
    _left_over: set[Listing] = field(default_factory=set)
    _frames: dict[UUID, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create(self, video: Video) -> None:
        with self._lock:
            if video.video_id in self._videos:
                raise Conflict(f"video {video.video_id} exists")
            self._videos[video.video_id] = video

    def get(self, video_id: UUID) -> Video | None:
        return self._videos.get(video_id)

    def _known(self, video_id: UUID) -> Video:
        if (video := self.get(video_id)) is None:
            raise NotFound(f"there is no video {video_id}")
        return video

    def transition(
        self, video_id: UUID, wanted: VideoStatus, error: Problem | None = None, attempt: int | None = None
    ) -> bool:
        with self._lock:
            video = self._known(video_id)
            if video.status not in predecessors(wanted) or attempt not in (None, video.attempt):
                return False
            now = datetime.now(UTC)
            moved = replace(video, status=wanted, error=error)
            self._videos[video_id] = (
                replace(moved, finished_at=now) if wanted.terminal else replace(moved, started_at=now)
            )
            return True

    def retry(self, video: Video) -> bool:
        with self._lock:
            known = self._known(video.video_id)
            if known.status not in RETRIABLE or (known.status, known.attempt) != (video.status, video.attempt):
                return False
            self._videos[video.video_id] = known.tried_again(time.time_ns() // 1000)
            return True

    def set_expected(self, video_id: UUID, expected: int, last_frame_number: int, attempt: int | None = None) -> None:
        with self._lock:
            video = self._known(video_id)
            if attempt not in (None, video.attempt):
                return
            if video.frames_expected is None and not video.status.terminal:
                self._videos[video_id] = replace(video, frames_expected=expected, last_frame_number=last_frame_number)

    def open_videos(self, limit: int = 1000) -> list[UUID]:
        waiting = [v for v in self._all() if not v.status.terminal]
        return [v.video_id for v in sorted(waiting, key=lambda v: (v.created_at, v.video_id))][:limit]

    def _all(self) -> list[Video]:
        with self._lock:
            return list(self._videos.values())

    def repair_listing(self, video_id: UUID) -> None:
        self._known(video_id)

    def open_listings(self) -> Iterator[Listing]:
        return (entry for entry in self._listings() if entry.ended is None)

    def ended_listings(self) -> Iterator[Listing]:
        return (entry for entry in self._listings() if entry.ended is not None)

    def _listings(self) -> list[Listing]:
        with self._lock:
            found = [*(_listing(v, self._frames.get(v.video_id)) for v in self._videos.values()), *self._left_over]
        return sorted(found, key=lambda entry: (entry.at, entry.video_id))

    def note_frames(self, video: Video, frames: float) -> None:
        self._frames[video.video_id] = frames

    def unlist(self, listing: Listing) -> None:
        self._left_over.discard(listing)

    def remove(self, video: Video) -> bool:
        with self._lock:
            known = self._videos.get(video.video_id)
            as_given = known is not None and (known.status, known.attempt) == (video.status, video.attempt)
            if not as_given or not video.status.terminal or self.leaseholder(video.video_id) is not None:
                return False
            del self._videos[video.video_id]
            self._left_over.add(_listing(video))
            return True

    def delete(self, video: Video) -> bool:
        with self._lock:
            known = self._videos.get(video.video_id)
            if known is None or (known.status, known.attempt) != (video.status, video.attempt):
                return False
            del self._videos[video.video_id]
            self._leases.pop(video.video_id, None)
            self._left_over.add(_listing(known))
            return True

    def forget(self, video_id: UUID) -> None:
        with self._lock:
            self._progress.pop(video_id, None)
            self._frames.pop(video_id, None)
            for key in [key for key in self._sampled if key[0] == video_id]:
                del self._sampled[key]

    def veil(self, video_id: UUID) -> None:
        with self._lock:
            if (video := self._videos.get(video_id)) is not None:
                self._videos[video_id] = replace(video, veiled_at=video.veiled_at or datetime.now(UTC))

    def reruns(self, video_id: UUID) -> list[UUID]:
        return [video.video_id for video in list(self._videos.values()) if video.parent_id == video_id]

    def videos_named(self, external_id: str, limit: int, after: CreatedCursor | None = None) -> list[Video]:
        named = [v for v in self._all() if v.external_id == external_id]
        newest = sorted(named, key=lambda v: (v.created_at, v.video_id), reverse=True)
        place = (after.created_at, after.video_id) if after else None
        return [v for v in newest if place is None or (v.created_at, v.video_id) < place][:limit]

    def ended_videos(
        self, status: VideoStatus, limit: int, after: EndedCursor | None = None, key_id: str | None = None
    ) -> list[Video]:
        theirs = [v for v in self._all() if v.status is status and key_id in (None, v.key_id)]
        ended = [(v.finished_at, v.video_id, v) for v in theirs if v.finished_at]
        newest = sorted(ended, key=lambda item: item[:2], reverse=True)
        place = (after.finished_at, after.video_id) if after else None
        return [v for at, video_id, v in newest if place is None or (at, video_id) < place][:limit]

    def claim(self, video_id: UUID, owner: str, seconds: int) -> Lease | None:
        with self._lock:
            self._known(video_id)
            if self.leaseholder(video_id) is not None:
                return None
            self._epochs[video_id] = self._epochs.get(video_id, 0) + 1
            self._leases[video_id] = (owner, datetime.now(UTC).timestamp() + seconds)
            return Lease(video_id, owner, self._epochs[video_id], seconds)

    def renew(self, lease: Lease) -> bool:
        with self._lock:
            if not self._ours(lease):
                return False
            self._leases[lease.video_id] = (lease.owner, datetime.now(UTC).timestamp() + lease.seconds)
            return True

    def release(self, lease: Lease) -> None:
        with self._lock:
            if self._ours(lease):
                del self._leases[lease.video_id]

    def _ours(self, lease: Lease) -> bool:
        return self.leaseholder(lease.video_id) == lease.owner and self._epochs[lease.video_id] == lease.epoch

    def leaseholder(self, video_id: UUID) -> str | None:
        owner, until = self._leases.get(video_id, (None, 0.0))
        return owner if until > datetime.now(UTC).timestamp() else None

    def progress(self, video_id: UUID) -> SourceProgress:
        return self._progress.get(video_id, SourceProgress())

    def save_progress(self, video_id: UUID, progress: SourceProgress) -> None:
        self._progress[video_id] = progress

    def save_sampled(self, video_id: UUID, bucket: int, frame_numbers: Sequence[int]) -> None:
        with self._lock:
            self._sampled[video_id, bucket] = bitmap.unpack(bucket, bitmap.pack(bucket, frame_numbers))

    def sampled(self, video_id: UUID, bucket: int) -> tuple[int, ...]:
        return self._sampled.get((video_id, bucket), ())

    def sampled_buckets(self, video_id: UUID) -> tuple[int, ...]:
        with self._lock:
            return tuple(sorted(bucket for known, bucket in self._sampled if known == video_id))

    def close(self) -> None:
        return None


def _listing(video: Video, frames: float | None = None) -> Listing:
    if video.status.terminal and video.finished_at is not None:
        return Listing(video.video_id, video.finished_at, video.status)
    return Listing(video.video_id, video.created_at, None, video.status, video.key_id, frames)
