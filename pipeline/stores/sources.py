"""Owns the folder of source files: where a video's file is, its digest, and its removal."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptSource:
    """A source file that is whole: its path and the SHA-256 of its bytes."""

    path: Path
    sha256: str


class SourceFolder:
    """Files at `<root>/<video_id>/source` with their digest beside them; a file without one is not proven whole."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, video_id: UUID) -> Path:
        """Where the file of a video is, or will be."""
        return self._root / str(video_id) / "source"

    def kept(self, video_id: UUID) -> KeptSource | None:
        """The whole file of a video, if it is here."""
        path = self.path(video_id)
        with suppress(OSError):
            digest = path.with_suffix(".sha256").read_text().strip()
            if path.is_file() and digest:
                return KeptSource(path, digest)
        return None

    def seal(self, video_id: UUID, sha256: str) -> KeptSource:
        """Write down that the file is whole."""
        path = self.path(video_id)
        note = path.with_suffix(".sha256")
        note.with_suffix(".tmp").write_text(sha256 + "\n")
        note.with_suffix(".tmp").replace(note)
        return KeptSource(path, sha256)

    def remove(self, video_id: UUID) -> None:
        """Delete what is kept of a video; nothing happens when there is nothing."""
        shutil.rmtree(self._root / str(video_id), ignore_errors=True)

    def age(self, video_id: UUID) -> float:
        """Seconds since the folder of a video was last changed; 0 when there is none."""
        with suppress(OSError):
            return time.time() - (self._root / str(video_id)).stat().st_mtime
        return 0.0

    def video_ids(self) -> Iterator[UUID]:
        """The videos that have a folder here."""
        if self._root.is_dir():
            for entry in self._root.iterdir():
                with suppress(ValueError):
                    yield UUID(entry.name)


def sha256_of(path: Path, checkpoint: Callable[[], None]) -> str:
    """The digest of a file in hexadecimal; `checkpoint` is called every MiB and may raise to stop."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            checkpoint()
            digest.update(chunk)
    return digest.hexdigest()
