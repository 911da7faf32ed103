"""Owns the stored JPEGs: the contract of a frame store, the folder that keeps it, and the in-memory twin."""

import errno
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.contracts.frames import bucket_of

FULL = {errno.ENOSPC, errno.EDQUOT}


class FrameStore(Protocol):
    """Keeps the JPEG of each sampled frame. A frame is there whole or not at all, also after a power cut."""

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        """Store a frame, in place of what was there; raises DiskFull or StoreError."""

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        """The JPEG."""

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
        path = self.path(video_id, frame_number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, jpeg)
        except OSError as e:
            if e.errno in FULL:
                raise DiskFull(f"no space left in {self._root} for frame {frame_number}; free some space") from e
            raise StoreError(f"frame {frame_number} cannot be stored: {e.strerror}") from e

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        """The JPEG."""
        try:
            return self.path(video_id, frame_number).read_bytes()
        except FileNotFoundError:
            return None

    def delete_video(self, video_id: UUID) -> None:
        """Remove the video's folder."""
        shutil.rmtree(self._root / str(video_id), ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Make a file hold `content`, never a part of it."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fdatasync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass
class InMemoryFrameStore:
    """The twin for tests and trials."""

    frames: dict[tuple[UUID, int], bytes] = field(default_factory=dict)

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        self.frames[video_id, frame_number] = jpeg

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        return self.frames.get((video_id, frame_number))

    def delete_video(self, video_id: UUID) -> None:
        for key in [key for key in self.frames if key[0] == video_id]:
            del self.frames[key]
