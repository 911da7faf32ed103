"""Owns the log as a file of JSON lines."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from framewise.listening.places import Place, place_of
from framewise.listening.sightings import Sighting

REMEMBERED = 1000


class JsonLog:
    """EventLog as one object a line. A line that was cut off by a crash is left where it is, and read over."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises OSError."""
        self._path = path
        self._known = dict.fromkeys([sighting.id for sighting in self._read()][-REMEMBERED:])
        self._file = path.open("ab")
        if self._file.tell() and not _ends_well(path):
            self._file.write(b"\n")

    def place(self, camera: str) -> Place | None:
        return place_of(sighting for sighting in self._read() if sighting.camera == camera)

    def append(self, sightings: Sequence[Sighting]) -> None:
        new = [sighting for sighting in sightings if sighting.id not in self._known]
        self._file.write("".join(f"{sighting.model_dump_json()}\n" for sighting in new).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._known.update(dict.fromkeys(sighting.id for sighting in new))
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def close(self) -> None:
        self._file.close()

    def _read(self) -> Iterator[Sighting]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                try:
                    yield Sighting.model_validate_json(line)
                except ValidationError:
                    continue


def _ends_well(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
