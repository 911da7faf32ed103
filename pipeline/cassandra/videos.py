"""Owns the video store on Cassandra: state by lightweight transactions, progress and listings beside it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from pipeline import bitmap
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.ended import EndedListings
from pipeline.cassandra.faces import forget_track_vectors
from pipeline.cassandra.names import VideoNames
from pipeline.cassandra.publishers import CassandraPublisherStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.tracks import forget_tracks
from pipeline.cassandra.video_rows import (
    CREATE,
    PROGRESS,
    RETRY,
    SAVE_PROGRESS,
    SELECT,
    SHARD,
    from_progress_row,
    from_row,
    insert,
    problem_of,
    to_progress_row,
    to_row,
)
from pipeline.cassandra.webhooks import forget_webhooks
from pipeline.contracts.errors import Conflict, NotFound, Problem
from pipeline.contracts.videos import (
    RETRIABLE,
    Lease,
    SourceProgress,
    Video,
    VideoStatus,
    predecessors,
)
from pipeline.observing import metrics
from pipeline.stores.videos import CreatedCursor, EndedCursor, Listing


class CassandraVideoStore:
    """VideoStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client
        self._names = VideoNames(client)
        self._ended = EndedListings(client)

    def create(self, video: Video) -> None:
        """Keep a new video and list it as open; raises Conflict if its id is taken."""
        self._list_open(video)
        self._names.enter(video)
        if not self._db.apply(CREATE, to_row(video)):
            self._unlist_open(video)
            self._names.correct(video, self.get(video.video_id))
            self.repair_listing(video.video_id)
            raise Conflict(f"video {video.video_id} exists")

    def get(self, video_id: UUID) -> Video | None:
        """The video."""
        row = self._db.execute(SELECT, (video_id,)).one()
        return from_row(row) if row is not None and row.status is not None else None

    def transition(
        self, video_id: UUID, wanted: VideoStatus, error: Problem | None = None, attempt: int | None = None
    ) -> bool:
        """Move a video if its state allows it; whether this call moved it."""
        column = "finished_at" if wanted.terminal else "started_at"
        condition, of_attempt = _while_in(predecessors(wanted), attempt)
        moved = self._db.apply(
            f"UPDATE videos SET status = ?, error = ?, {column} = ? WHERE video_id = ? {condition}",
            (wanted.value, problem_of(error), datetime.now(UTC), video_id, *of_attempt),
        )
        if moved:
            self.repair_listing(video_id)
            metrics.video_moved(wanted)
        if not moved:
            self._known(video_id)
        return moved

    def _known(self, video_id: UUID) -> Video:
        if (video := self.get(video_id)) is None:
            raise NotFound(f"there is no video {video_id}")
        return video

    def retry(self, video: Video) -> bool:
        """Begin the next attempt. The listings go first: what an interruption leaves of them is put right by whoever
        looks at the open ones.
        """
        self._list_open(video)
        if video.finished_at is not None:
            self.unlist(Listing(video.video_id, video.finished_at, video.status))
        again = video.tried_again(time.time_ns() // 1000)
        condition, of_attempt = _while_in(sorted(RETRIABLE & {video.status}), video.attempt)
        moved = self._db.apply(
            f"UPDATE videos SET {RETRY} WHERE video_id = ? {condition}",
            (again.status.value, again.attempt, again.attempt_timestamp, video.video_id, *of_attempt),
        )
        if not moved and self.get(video.video_id) is None:
            self._unlist_open(video)
        self.repair_listing(video.video_id)
        return moved

    def set_expected(self, video_id: UUID, expected: int, last_frame_number: int, attempt: int | None = None) -> None:
        """Write once how many frames were sampled."""
        condition, of_attempt = _while_in((VideoStatus.PENDING, VideoStatus.PROCESSING), attempt)
        written = self._db.apply(
            f"UPDATE videos SET frames_expected = ?, last_frame_number = ? WHERE video_id = ? {condition} "
            "AND frames_expected = null",
            (expected, last_frame_number, video_id, *of_attempt),
        )
        if not written:
            self._known(video_id)

    def open_videos(self, limit: int = 1000) -> list[UUID]:
        """Videos that have not ended, oldest first."""
        rows = self._db.rows("SELECT video_id FROM open_videos WHERE shard = ? LIMIT ?", (SHARD, limit))
        return [row.video_id for row in rows]

    def repair_listing(self, video_id: UUID) -> None:
        """Make the listings say what the video's state says, and still does afterwards."""
        video: Video | None = self._known(video_id)
        while video is not None:
            self._list(video)
            before, video = video, self.get(video_id)
            if video is not None and (video.status, video.attempt) == (before.status, before.attempt):
                return
            if before.finished_at is not None:
                self.unlist(Listing(video_id, before.finished_at, before.status))
            if video is None:
                self._unlist_open(before)

    def _list(self, video: Video) -> None:
        if not video.status.terminal or video.finished_at is None:
            self._list_open(video)
            return
        self._ended.enter(video, video.finished_at)
        self._unlist_open(video)

    def _list_open(self, video: Video) -> None:
        self._db.execute(
            insert("open_videos", ("shard", "created_at", "video_id", "status", "key_id")),
            (SHARD, video.created_at, video.video_id, video.status.value, video.key_id),
        )

    def _unlist_open(self, video: Video) -> None:
        self.unlist(Listing(video.video_id, video.created_at))

    def note_frames(self, video: Video, frames: float) -> None:
        """Write it beside the entry. One that is taken out meanwhile comes back by this; the sweeper takes it out."""
        self._db.execute(
            "UPDATE open_videos SET frames = ? WHERE shard = ? AND created_at = ? AND video_id = ?",
            (frames, SHARD, video.created_at, video.video_id),
        )

    def unlist(self, listing: Listing) -> None:
        """Take an entry out."""
        if listing.ended is None:
            self._db.execute(
                "DELETE FROM open_videos WHERE shard = ? AND created_at = ? AND video_id = ?",
                (SHARD, listing.at, listing.video_id),
            )
        else:
            self._ended.take_out(listing.video_id, listing.at, listing.ended)

    def open_listings(self) -> Iterator[Listing]:
        """Every entry of the listing of open videos, oldest first."""
        select = "SELECT created_at, video_id, status, key_id, frames FROM open_videos WHERE shard = ?"
        for row in self._db.rows(select, (SHARD,)):
            status = VideoStatus(row.status) if row.status else None
            yield Listing(row.video_id, row.created_at.replace(tzinfo=UTC), None, status, row.key_id, row.frames)

    def ended_listings(self) -> Iterator[Listing]:
        """Every entry of the listings of ended videos."""
        return self._ended.all()

    def remove(self, video: Video) -> bool:
        """Remove an ended video that nobody works on and that is still as given; whether this call removed it."""
        return video.status.terminal and self._db.apply(
            "DELETE FROM videos WHERE video_id = ? IF status = ? AND attempt = ? AND lease_owner = null",
            (video.video_id, video.status.value, video.attempt),
        )

    def delete(self, video: Video) -> bool:
        """Remove a video in any state that is as given; whoever holds its lease loses it."""
        condition, of_attempt = _while_in((video.status,), video.attempt)
        return self._db.apply(f"DELETE FROM videos WHERE video_id = ? {condition}", (video.video_id, *of_attempt))

    def videos_named(self, external_id: str, limit: int, after: CreatedCursor | None = None) -> list[Video]:
        """Videos of one name, newest first."""
        found = (self.get(video_id) for video_id in self._names.of(external_id, limit, after))
        return list(islice((video for video in found if video is not None), limit))

    def forget(self, video_id: UUID) -> None:
        """Delete what is kept beside the row of a video that was removed."""
        self._names.forget(video_id)
        CassandraSearchIndex(self._db).forget(video_id)
        forget_webhooks(self._db, video_id)
        forget_tracks(self._db, video_id)
        CassandraPublisherStore(self._db).forget(video_id)
        forget_track_vectors(self._db, video_id)
        for table in ("sampled_frames", "source_progress"):
            self._db.execute(f"DELETE FROM {table} WHERE video_id = ?", (video_id,))

    def veil(self, video_id: UUID) -> None:
        """Once, by a transaction, since others change the row too."""
        states = ", ".join(f"'{status}'" for status in VideoStatus)
        self._db.apply(
            f"UPDATE videos SET veiled_at = ? WHERE video_id = ? IF status IN ({states}) AND veiled_at = null",
            (datetime.now(UTC), video_id),
        )

    def reruns(self, video_id: UUID) -> list[UUID]:
        """By the index of parents."""
        rows = self._db.rows("SELECT video_id FROM videos WHERE parent_id = ?", (video_id,))
        return [row.video_id for row in rows]

    def ended_videos(
        self, status: VideoStatus, limit: int, after: EndedCursor | None = None, key_id: str | None = None
    ) -> list[Video]:
        """Ended videos of one state, newest first; only those of a key if one is given."""
        found: list[Video] = []
        for entry in self._ended.of(status, limit, after, key_id):
            video = self.get(entry.video_id)
            if video is not None and (video.status, video.finished_at) == (entry.ended, entry.at):
                found.append(video)
            if len(found) >= limit:
                break
        return found

    def claim(self, video_id: UUID, owner: str, seconds: int) -> Lease | None:
        """Take the lease of a video if nobody holds it."""
        row = self._db.execute("SELECT status, epoch, lease_owner FROM videos WHERE video_id = ?", (video_id,)).one()
        if row is None or row.status is None:
            raise NotFound(f"there is no video {video_id}")
        if row.lease_owner is not None:
            return None
        epoch = (row.epoch or 0) + 1
        if not self._db.apply(
            "UPDATE videos SET epoch = ? WHERE video_id = ? IF epoch = ? AND lease_owner = null AND status != null",
            (epoch, video_id, row.epoch),
        ):
            return None
        taken = self._db.apply(
            f"UPDATE videos USING TTL {int(seconds)} SET lease_owner = ? WHERE video_id = ? "
            "IF epoch = ? AND lease_owner = null",
            (_holder(owner, epoch), video_id, epoch),
        )
        return Lease(video_id, owner, epoch, seconds) if taken else None

    def renew(self, lease: Lease) -> bool:
        """Hold a lease for its length from now."""
        holder = _holder(lease.owner, lease.epoch)
        return self._db.apply(
            f"UPDATE videos USING TTL {int(lease.seconds)} SET lease_owner = ? WHERE video_id = ? IF lease_owner = ?",
            (holder, lease.video_id, holder),
        )

    def release(self, lease: Lease) -> None:
        """Give a lease back."""
        self._db.apply(
            "UPDATE videos SET lease_owner = null WHERE video_id = ? IF lease_owner = ?",
            (lease.video_id, _holder(lease.owner, lease.epoch)),
        )

    def leaseholder(self, video_id: UUID) -> str | None:
        """Who works on a video."""
        row = self._db.execute("SELECT lease_owner FROM videos WHERE video_id = ?", (video_id,)).one()
        return row.lease_owner.rpartition("#")[0] if row is not None and row.lease_owner else None

    def progress(self, video_id: UUID) -> SourceProgress:
        """What ingest wrote last."""
        row = self._db.execute(
            f"SELECT {', '.join(PROGRESS)} FROM source_progress WHERE video_id = ?", (video_id,)
        ).one()
        if row is None:
            return SourceProgress()
        return from_progress_row(row)

    def save_progress(self, video_id: UUID, progress: SourceProgress) -> None:
        """Write what ingest knows."""
        self._db.execute(SAVE_PROGRESS, (video_id, *to_progress_row(progress)))

    def save_sampled(self, video_id: UUID, bucket: int, frame_numbers: Sequence[int]) -> None:
        """Write which frames of a bucket were sampled so far."""
        self._db.execute(
            insert("sampled_frames", ("video_id", "bucket", "numbers")),
            (video_id, bucket, bitmap.pack(bucket, frame_numbers)),
        )

    def sampled(self, video_id: UUID, bucket: int) -> tuple[int, ...]:
        """The sampled frame numbers of a bucket."""
        row = self._db.execute(
            "SELECT numbers FROM sampled_frames WHERE video_id = ? AND bucket = ?", (video_id, bucket)
        ).one()
        return bitmap.unpack(bucket, row.numbers) if row is not None else ()

    def sampled_buckets(self, video_id: UUID) -> tuple[int, ...]:
        """The buckets that have sampled frames."""
        rows = self._db.rows("SELECT bucket FROM sampled_frames WHERE video_id = ?", (video_id,))
        return tuple(row.bucket for row in rows)

    def close(self) -> None:
        """Give back connections."""
        self._db.close()


def _while_in(states: Iterable[VideoStatus], attempt: int | None) -> tuple[str, tuple[int, ...]]:
    """The condition of a transaction on a video in one of these states, and in an attempt if one is given."""
    names = ", ".join(f"'{status}'" for status in states)
    condition = f"IF status IN ({names})"
    return (condition, ()) if attempt is None else (f"{condition} AND attempt = ?", (attempt,))


def _holder(owner: str, epoch: int) -> str:
    return f"{owner}#{epoch}"
