"""Owns clearing up: frames that were stored before a moment go, and with them the videos of which nothing is left.

It may run beside the pipeline and beside itself, be interrupted at any place, and run again. Rows go before files, so
that no row names a file that is missing; a video's row goes before what hangs on it, and its entry in the listings
last, so that what an interruption leaves is found by the next run.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import NotFound
from pipeline.contracts.videos import Video
from pipeline.stores.frames import FrameStore, StoredFrame
from pipeline.stores.results import ResultStore, count
from pipeline.stores.videos import Listing, VideoStore

ON_ITS_WAY = timedelta(hours=1)
"""So long the row of a frame may take that is stored already."""


class SourceFiles(Protocol):
    """The files that videos were made from."""

    def path(self, video_id: UUID) -> Path:
        """Where the file of a video is, or would be."""

    def remove(self, video_id: UUID) -> None:
        """Delete what is kept of a video; nothing happens when there is nothing."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that holds something of a video."""

    videos: VideoStore
    results: ResultStore
    frames: FrameStore
    sources: SourceFiles


@dataclass(frozen=True, slots=True)
class Cleared:
    """What went, or would go: whole videos, frames, result rows, and the bytes of files."""

    videos: int = 0
    frames: int = 0
    rows: int = 0
    bytes: int = 0

    def __add__(self, other: "Cleared") -> "Cleared":
        return Cleared(
            self.videos + other.videos, self.frames + other.frames, self.rows + other.rows, self.bytes + other.bytes
        )


@dataclass(frozen=True, slots=True)
class ClearedVideo:
    """What went of one video; `name` is None for frames of a video that is not known any more."""

    video_id: UUID
    name: str | None
    what: Cleared


def clear(stores: Stores, before: datetime, dry_run: bool = False) -> Cleared:
    """Clear what was stored before `before`; what went in all. With `dry_run` nothing changes.

    Raises StoreError.
    """
    return sum((video.what for video in clear_each(stores, before, dry_run)), Cleared())


def clear_each(
    stores: Stores, before: datetime, dry_run: bool = False, checkpoint: Callable[[], None] = lambda: None
) -> Iterator[ClearedVideo]:
    """The same step by step: each video of which something went, once it has gone. Raises StoreError.

    `checkpoint` is called between two steps, a bucket of 1,000 frame numbers each, and may raise to stop.
    """
    clearing = _Clearing(stores, before, dry_run, checkpoint)
    for video in clearing.videos():
        if video.what != Cleared():
            yield video


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What became of a bucket: what went, what goes only with its video, and how many frames stay."""

    went: Cleared = Cleared()
    unnamed: Cleared = Cleared()
    stay: int = 0

    def __add__(self, other: "_Bucket") -> "_Bucket":
        return _Bucket(self.went + other.went, self.unnamed + other.unnamed, self.stay + other.stay)


class _Clearing:
    """One run."""

    def __init__(self, stores: Stores, before: datetime, dry_run: bool, checkpoint: Callable[[], None]) -> None:
        self._stores = stores
        self._before = before
        self._dry_run = dry_run
        self._checkpoint = checkpoint

    def videos(self) -> Iterator[ClearedVideo]:
        """Open videos, then ended ones, then frames that no video names."""
        videos = self._stores.videos
        for entry in videos.open_listings():
            video = videos.get(entry.video_id)
            if video is not None and not video.status.terminal:
                yield ClearedVideo(video.video_id, video.video_name, self._clear_frames(video).went)
            elif video is not None and not self._dry_run:
                with suppress(NotFound):
                    videos.repair_listing(video.video_id)
        for entry in videos.ended_listings():
            self._checkpoint()
            video = videos.get(entry.video_id)
            if video is None:
                yield ClearedVideo(entry.video_id, None, self._clear_remains(entry))
            elif (video.status, video.finished_at) == (entry.ended, entry.at):
                yield ClearedVideo(video.video_id, video.video_name, self._clear_ended(video, entry))
            elif not self._dry_run:
                videos.unlist(entry)
        for video_id in self._stores.frames.video_ids():
            self._checkpoint()
            if videos.get(video_id) is None:
                yield ClearedVideo(video_id, None, self._clear_unknown(video_id))

    def _clear_frames(self, video: Video) -> _Bucket:
        found = _Bucket()
        for bucket in self._buckets(video.video_id):
            self._checkpoint()
            known = self._stores.videos.get(video.video_id)
            if known is None or known.attempt != video.attempt:
                return found + _Bucket(stay=1)
            found += self._clear_bucket(known, bucket)
        return found

    def _buckets(self, video_id: UUID) -> list[int]:
        """Where a video may have rows or files."""
        counted = {s.bucket: s.first_media_time for s in self._stores.results.summaries(video_id)}
        emptied = {bucket for bucket, media_time in counted.items() if media_time is None}
        sampled = {*self._stores.videos.sampled_buckets(video_id), *counted} - emptied
        return sorted(sampled | {*self._stores.frames.buckets(video_id)})

    def _clear_bucket(self, video: Video, bucket: int) -> _Bucket:
        results, video_id = self._stores.results, video.video_id
        entries = results.entries(video_id, bucket)
        old = [entry for entry in entries if entry.stored_at < self._before]
        rows = results.row_counts(video_id, bucket) if old else {}
        files = {file.frame_number: file for file in self._stores.frames.stored(video_id, bucket)}
        unnamed = [files[number] for number in files.keys() - {entry.frame_number for entry in entries}]
        strays = self._strays(video, bucket, unnamed)
        going = [files[entry.frame_number] for entry in old if entry.frame_number in files] + strays
        if not self._dry_run:
            if old:
                results.clear(video_id, bucket, old, video.attempt_timestamp + 1)
            self._stores.frames.delete(video_id, (file.frame_number for file in going))
        went = Cleared(0, len(old) + len(strays), sum(rows.get(e.frame_number, 0) for e in old), _size(going))
        spared = [file for file in unnamed if file not in strays]
        return _Bucket(went, Cleared(0, len(spared), 0, _size(spared)), len(entries) - len(old))

    def _strays(self, video: Video, bucket: int, unnamed: list[StoredFrame]) -> list[StoredFrame]:
        """Files that no row names, nor will: of frames that were cleared, or long after the video's end."""
        if not unnamed:
            return []
        outcomes = self._stores.results.outcomes(video.video_id, bucket)
        entered = {entry.frame_number for entry in self._stores.results.entries(video.video_id, bucket)}
        oldest = min(self._before, datetime.now(UTC) - ON_ITS_WAY)
        return [
            file
            for file in unnamed
            if file.frame_number not in entered
            and (file.frame_number in outcomes or (video.status.terminal and file.stored_at < oldest))
        ]

    def _clear_ended(self, video: Video, entry: Listing) -> Cleared:
        found = self._clear_frames(video)
        had_frames = count(self._stores.results, video.video_id).total > 0
        empty = found.stay == 0 and (had_frames or entry.at < self._before)
        if not empty or not self._remove_row(video):
            return found.went
        source = self._source_size(video.video_id)
        if not self._dry_run:
            wipe(self._stores, video.video_id, video.attempt_timestamp + 1)
            self._stores.videos.unlist(Listing(video.video_id, video.created_at))
            self._stores.videos.unlist(entry)
        return found.went + found.unnamed + Cleared(videos=1, bytes=source)

    def _remove_row(self, video: Video) -> bool:
        """Whether the video's row has gone, or would go: not while it is worked on, or was changed meanwhile."""
        if self._dry_run:
            return self._stores.videos.leaseholder(video.video_id) is None
        return self._stores.videos.remove(video)

    def _clear_remains(self, entry: Listing) -> Cleared:
        """What an interrupted run has left of a video whose row has gone."""
        video_id = entry.video_id
        found = Cleared(videos=1, bytes=self._source_size(video_id))
        for bucket in self._buckets(video_id):
            found += self._content(video_id, bucket, self._stores.frames.stored(video_id, bucket))
        if not self._dry_run:
            wipe(self._stores, video_id, _now())
            self._stores.videos.unlist(entry)
        return found

    def _clear_unknown(self, video_id: UUID) -> Cleared:
        """Old frames that came after their video had gone, or whose rows are lost."""
        found = Cleared()
        for bucket in self._stores.frames.buckets(video_id):
            self._checkpoint()
            stored = self._stores.frames.stored(video_id, bucket)
            old = [file for file in stored if file.stored_at < self._before]
            if not old:
                continue
            found += self._content(video_id, bucket, old)
            if not self._dry_run:
                self._stores.results.remove(video_id, [bucket], _now())
                self._stores.frames.delete(video_id, (file.frame_number for file in old))
        return found

    def _content(self, video_id: UUID, bucket: int, files: list[StoredFrame]) -> Cleared:
        rows = self._stores.results.row_counts(video_id, bucket)
        return Cleared(0, len(files), sum(rows.values()), _size(files))

    def _source_size(self, video_id: UUID) -> int:
        with suppress(OSError):
            return self._stores.sources.path(video_id).stat().st_size
        return 0


def wipe(stores: Stores, video_id: UUID, write_timestamp: int, ahead: int = 0) -> None:
    """Delete all that hangs on a video whose row has gone, but its entries in the listings. May be repeated.

    `write_timestamp` is later than those of all that was, or may still be, written of it. So many buckets `ahead` of
    those that are known are deleted too, before there is anything in them.
    """
    buckets = {*stores.videos.sampled_buckets(video_id), *(s.bucket for s in stores.results.summaries(video_id))}
    first = max(buckets, default=-1) + 1
    stores.results.remove(video_id, sorted({*buckets, *range(first, first + ahead)}), write_timestamp)
    stores.videos.forget(video_id)
    stores.frames.delete_video(video_id)
    stores.sources.remove(video_id)


def _size(files: Iterable[StoredFrame]) -> int:
    return sum(file.size for file in files)


def _now() -> int:
    """A write timestamp: microseconds since 1970."""
    return time.time_ns() // 1000
