"""Owns where pictures are kept: whole or not at all, never one over another, and the same one only once."""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.contracts.errors import DiskFull, StoreError
from pipeline.stores.frames import FULL

INCOMING = ".incoming"
DIGITS = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a picture is, beneath the place, and whether it was there before."""

    path: str
    repeated: bool

    @property
    def stem(self) -> str:
        """Its name without folders and kind."""
        return Path(self.path).stem


class Place(Protocol):
    """Keeps pictures by name. For one thread."""

    def keep(self, folder: str, stem: str, suffix: str, content: bytes) -> Kept:
        """Keep `folder/stem.suffix`; returns when it would outlive a crash, raises StoreError when it would not.

        The same content under the same name is kept once. Another content gets a name of its own, made of its bytes.
        """

    def find(self, folder: str, ending: str) -> str | None:
        """The stem of what lies in a folder and ends so, its kind left out; None where nothing does."""


def candidates(folder: str, stem: str, suffix: str, content: bytes) -> tuple[str, str]:
    """The name that a picture gets, and the one that it gets where that is another picture's."""
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    return f"{folder}/{stem}{suffix}", f"{folder}/{stem}_{digest}{suffix}"


class FolderPlace:
    """Place in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        """Remove what a process that was killed had begun. Raises StoreError."""
        self._root, self._incoming = root, root / INCOMING
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            for left in self._incoming.iterdir():
                left.unlink(missing_ok=True)
        except OSError as e:
            raise _failure(root, e) from e

    def keep(self, folder: str, stem: str, suffix: str, content: bytes) -> Kept:
        first, second = candidates(folder, stem, suffix, content)
        try:
            return self._kept(first, content) or self._kept(second, content) or Kept(second, repeated=True)
        except OSError as e:
            raise _failure(self._root / folder, e) from e

    def find(self, folder: str, ending: str) -> str | None:
        return next((found.stem for found in (self._root / folder).glob(f"*{ending}.*")), None)

    def _kept(self, name: str, content: bytes) -> Kept | None:
        """None where the name is another picture's."""
        path = self._root / name
        with suppress(FileNotFoundError):
            return Kept(name, repeated=True) if path.read_bytes() == content else None
        self._make(path.parent)
        self._put(path, content)
        return Kept(name, repeated=False)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for above in folder.relative_to(self._root).parents:
                _sync(self._root / above)

    def _put(self, path: Path, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).rename(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder outlive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(path: Path, error: OSError) -> StoreError:
    if error.errno in FULL:
        return DiskFull(f"no space left for pictures in {path}; free some space")
    return StoreError(f"pictures cannot be kept in {path}: {error.strerror or error}")
