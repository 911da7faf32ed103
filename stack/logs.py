"""Owns the log files: one a service, rotated by size, and how they are read."""

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path


class RotatingLog:
    """Appends to a file and keeps it below a size; older parts are `.1`, `.2`, … A full disk loses lines, no more."""

    def __init__(self, path: Path, limit: int, keep: int) -> None:
        self._path, self._limit, self._keep = path, limit, keep
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, data: bytes) -> None:
        """Append; never raises because of the disk."""
        try:
            if self._path.exists() and self._path.stat().st_size + len(data) > self._limit:
                self._rotate()
            with self._path.open("ab") as file:
                file.write(data)
        except OSError:
            return

    def _rotate(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a file; none where there is no file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except OSError:
        return []


class Follower:
    """Reads what is added to a file, over rotations."""

    def __init__(self, path: Path) -> None:
        self._path, self._rest = path, b""
        self._inode, self._offset = self._now()

    def _now(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_size

    def lines(self) -> Iterator[str]:
        """The whole lines that have come since the last call."""
        inode, size = self._now()
        if inode != self._inode or size < self._offset:
            self._inode, self._offset = inode, 0
        if size <= self._offset:
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)


def follow(paths: dict[str, Path], interval: float = 0.3) -> Iterator[tuple[str, str]]:
    """Name and line of everything that is added to the files, for ever."""
    followers = {name: Follower(path) for name, path in paths.items()}
    while True:
        for name, follower in followers.items():
            for line in follower.lines():
                yield name, line
        time.sleep(interval)
