"""Owns what is kept of videos: the contract of a video store."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import Problem
from pipeline.contracts.videos import (
    Lease,
    SourceProgress,
    Video,
    VideoStatus,
)


@dataclass(frozen=True, slots=True)
class EndedCursor:
    """Where a listing of ended videos stopped."""

    finished_at: datetime
    video_id: UUID


@dataclass(frozen=True, slots=True)
class CreatedCursor:
    """Where a listing by the time of creation stopped."""

    created_at: datetime
    video_id: UUID


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of a listing: a video, when it was created or has ended, and the state in which it has.

    `ended` is None in the listing of open videos. An entry may name a video that is not there any more, or never was.
    The listing of open videos says too who submitted it (None: no key), whether it waits or runs, and about how many
    frames it has, once that is known; that may be older than the video's own state, and `status` is None in entries
    from before it was kept.
    """

    video_id: UUID
    at: datetime
    ended: VideoStatus | None = None
    status: VideoStatus | None = field(default=None, compare=False)
    key_id: str | None = field(default=None, compare=False)
    frames: float | None = field(default=None, compare=False)


class VideoStore(Protocol):
    """Videos, who works on them, and how far ingest is. Every call is safe for threads and may be repeated.

    Raises StoreUnavailable when the server does not answer. `get` of an unknown video is `None`; the calls that
    change one raise NotFound.
    """

    def create(self, video: Video) -> None:
        """Keep a new video; raises Conflict if its id is taken."""

    def get(self, video_id: UUID) -> Video | None:
        """The video."""

    def transition(
        self, video_id: UUID, wanted: VideoStatus, error: Problem | None = None, attempt: int | None = None
    ) -> bool:
        """Move a video to a state if it is in one that allows it; whether this call moved it.

        With `attempt`, only while it is in that one: what was found out about it holds for no other. Sets `started_at`
        or `finished_at`, and the listings.
        """

    def retry(self, video: Video) -> bool:
        """Begin the next attempt of a failed or cancelled video that is still as given; whether this call did."""

    def set_expected(self, video_id: UUID, expected: int, last_frame_number: int, attempt: int | None = None) -> None:
        """Write once an attempt how many distinct frames were sampled, and the number of the last; not when it has
        ended, nor in another attempt than `attempt`.
        """

    def open_videos(self, limit: int = 1000) -> list[UUID]:
        """Videos that have not ended, oldest first."""

    def repair_listing(self, video_id: UUID) -> None:
        """Make the listings say what the video's state says."""

    def open_listings(self) -> Iterator[Listing]:
        """Every entry of the listing of open videos, oldest first, fetched as they are taken."""

    def ended_listings(self) -> Iterator[Listing]:
        """Every entry of the listings of ended videos, fetched as they are taken."""

    def note_frames(self, video: Video, frames: float) -> None:
        """Have the listing of open videos say about how many frames a video has; only whoever works on it does."""

    def unlist(self, listing: Listing) -> None:
        """Take an entry out."""

    def remove(self, video: Video) -> bool:
        """Remove an ended video that nobody works on and that is still as given; whether this call removed it.

        Its entries in the listings stay: whoever removes it forgets all else that is kept of it, and unlists it last,
        so that what an interruption leaves can be found.
        """

    def delete(self, video: Video) -> bool:
        """Remove a video in any state, also one that is worked on, if state and attempt are as given; whether this
        call removed it. As with `remove`, all else that is kept of it stays.
        """

    def forget(self, video_id: UUID) -> None:
        """Delete what is kept beside the row of a video that was removed: progress, sampled frames, names, keys."""

    def veil(self, video_id: UUID) -> None:
        """Have all faces of a video hidden from now on in what is stored of it; a video that is gone is passed over."""

    def reruns(self, video_id: UUID) -> list[UUID]:
        """The re-analyses of a video: they have copies of its frames."""

    def videos_named(self, external_id: str, limit: int, after: CreatedCursor | None = None) -> list[Video]:
        """Videos that their submitter calls so, in any state, newest first."""

    def ended_videos(
        self, status: VideoStatus, limit: int, after: EndedCursor | None = None, key_id: str | None = None
    ) -> list[Video]:
        """Ended videos of one state, newest first; only those of an API key if one is given."""

    def claim(self, video_id: UUID, owner: str, seconds: int) -> Lease | None:
        """Take the lease of a video if nobody holds it; every claim raises the epoch."""

    def renew(self, lease: Lease) -> bool:
        """Hold a lease for its length from now; False when it is no longer ours."""

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is no longer ours."""

    def leaseholder(self, video_id: UUID) -> str | None:
        """Who works on a video."""

    def progress(self, video_id: UUID) -> SourceProgress:
        """What ingest wrote last."""

    def save_progress(self, video_id: UUID, progress: SourceProgress) -> None:
        """Write what ingest knows; only the holder of the lease does."""

    def save_sampled(self, video_id: UUID, bucket: int, frame_numbers: Sequence[int]) -> None:
        """Write which frames of a bucket were sampled so far, in place of what was written."""

    def sampled(self, video_id: UUID, bucket: int) -> tuple[int, ...]:
        """The sampled frame numbers of a bucket, ascending."""

    def sampled_buckets(self, video_id: UUID) -> tuple[int, ...]:
        """The buckets that have sampled frames, ascending."""

    def close(self) -> None:
        """Give back connections."""


def still_open(videos: VideoStore, known: Collection[UUID], limit: int) -> set[UUID]:
    """Those of `known` that have not ended, by at most `limit` entries of their listing instead of one by one."""
    if not known:
        return set()
    return {entry.video_id for entry in islice(videos.open_listings(), limit)}.intersection(known)
