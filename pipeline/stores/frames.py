"""Owns the stored JPEGs: the contract of a frame store, the folder that keeps it, and the in-memory twin."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.contracts.frames import bucket_of
from pipeline.whole_files import write_all_whole

Picture = tuple[UUID, int, bytes]
"""Video, frame number, JPEG."""
FULL = {errno.ENOSPC, errno.EDQUOT}
TRIES = 5
"""A folder that is empty may be removed just when a frame is to be put into it."""


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame that is there: its number, its size in bytes, and when it was put."""

    frame_number: int
    size: int
    stored_at: datetime


class FrameStore(Protocol):
    """Keeps the JPEG of each sampled frame. A frame is there whole or not at all, also after a power cut."""

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        """Store a frame, in place of what was there; raises DiskFull or StoreError."""

    def put_many(self, pictures: Sequence[Picture]) -> None:
        """Store some, which may cost less than one by one; of those, any may be there when it raises as `put` does."""

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        """The JPEG."""

    def video_ids(self) -> Iterator[UUID]:
        """The videos that have frames here, or had some; each once."""

    def buckets(self, video_id: UUID) -> list[int]:
        """The buckets of a video that have frames here, or had some, ascending."""

    def stored(self, video_id: UUID, bucket: int) -> list[StoredFrame]:
        """The frames of a bucket, ascending."""

    def delete(self, video_id: UUID, frame_numbers: Iterable[int]) -> None:
        """Remove frames; those that are not there are passed over. Raises StoreError."""

    def delete_video(self, video_id: UUID) -> None:
        """Remove all frames of a video."""


class FolderFrameStore:
    """A folder: `<root>/<video_id>/<bucket>/<frame_number>.jpg`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, video_id: UUID, frame_number: int) -> Path:
        """Where a frame is kept."""
        return self._root / str(video_id) / f"{bucket_of(frame_number):06d}" / f"{frame_number:09d}.jpg"

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        """Write beside, sync, rename."""
        self.put_many([(video_id, frame_number, jpeg)])

    def put_many(self, pictures: Sequence[Picture]) -> None:
        """Write all beside, sync each, rename."""
        try:
            _write_into_folders([(self.path(video_id, number), jpeg) for video_id, number, jpeg in pictures])
        except OSError as e:
            if e.errno in FULL:
                raise DiskFull(f"no space left in {self._root} for {_numbers(pictures)}; free some space") from e
            raise StoreError(f"{_numbers(pictures)} cannot be stored: {e.strerror}") from e

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        """The JPEG."""
        try:
            return self.path(video_id, frame_number).read_bytes()
        except FileNotFoundError:
            return None

    def video_ids(self) -> Iterator[UUID]:
        """The folders that are named by an id."""
        for entry in _entries(self._root):
            with suppress(ValueError):
                yield UUID(entry.name)

    def buckets(self, video_id: UUID) -> list[int]:
        """The folders of a video that are named by a number."""
        return sorted(int(entry.name) for entry in _entries(self._root / str(video_id)) if entry.name.isdecimal())

    def stored(self, video_id: UUID, bucket: int) -> list[StoredFrame]:
        """The pictures in a bucket's folder that are whole."""
        folder = self._root / str(video_id) / f"{bucket:06d}"
        found = (_stored(entry) for entry in _entries(folder))
        return sorted((frame for frame in found if frame is not None), key=lambda frame: frame.frame_number)

    def delete(self, video_id: UUID, frame_numbers: Iterable[int]) -> None:
        """Remove files, and then the folders that they leave empty."""
        emptied = {path.parent for n in frame_numbers if _removed(path := self.path(video_id, n))}
        for folder in (*emptied, *({self._root / str(video_id)} if emptied else ())):
            with suppress(OSError):
                folder.rmdir()

    def delete_video(self, video_id: UUID) -> None:
        """Remove the video's folder."""
        shutil.rmtree(self._root / str(video_id), ignore_errors=True)


def _write_into_folders(files: Sequence[tuple[Path, bytes]]) -> None:
    for left in reversed(range(TRIES)):
        try:
            for folder in {path.parent for path, _ in files}:
                folder.mkdir(parents=True, exist_ok=True)
            write_all_whole(files)
        except (FileNotFoundError, FileExistsError):  # mkdir says either when the folder goes meanwhile
            if not left:
                raise
        else:
            return


def _numbers(pictures: Sequence[Picture]) -> str:
    numbers = sorted({number for _, number, _ in pictures})
    return f"frame {numbers[0]}" if len(numbers) == 1 else f"frames {numbers[0]} to {numbers[-1]}"


def _removed(path: Path) -> bool:
    """Remove a file; whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as e:
        raise StoreError(f"{path} cannot be removed: {e.strerror}") from e
    return True


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What is in a folder; nothing when there is none."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from entries


def _stored(entry: os.DirEntry[str]) -> StoredFrame | None:
    number, _, kind = entry.name.partition(".")
    if kind != "jpg" or not number.isdecimal():
        return None
    with suppress(FileNotFoundError):
        facts = entry.stat()
        return StoredFrame(int(number), facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
    return None


@dataclass
class InMemoryFrameStore:
    """The twin for tests and trials."""

    frames: dict[tuple[UUID, int], bytes] = field(default_factory=dict)
    stored_at: dict[tuple[UUID, int], datetime] = field(default_factory=dict)

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        self.frames[video_id, frame_number] = jpeg
        self.stored_at[video_id, frame_number] = datetime.now(UTC)

    def put_many(self, pictures: Sequence[Picture]) -> None:
        for picture in pictures:
            self.put(*picture)

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        return self.frames.get((video_id, frame_number))

    def video_ids(self) -> Iterator[UUID]:
        yield from {video_id for video_id, _ in self.frames}

    def buckets(self, video_id: UUID) -> list[int]:
        return sorted({bucket_of(number) for known, number in self.frames if known == video_id})

    def stored(self, video_id: UUID, bucket: int) -> list[StoredFrame]:
        numbers = sorted(n for known, n in self.frames if known == video_id and bucket_of(n) == bucket)
        return [StoredFrame(n, len(self.frames[video_id, n]), self.stored_at[video_id, n]) for n in numbers]

    def delete(self, video_id: UUID, frame_numbers: Iterable[int]) -> None:
        for number in frame_numbers:
            self.frames.pop((video_id, number), None)

    def delete_video(self, video_id: UUID) -> None:
        self.delete(video_id, [number for known, number in self.frames if known == video_id])
