"""Owns the log of sightings: its contract, the log in memory, and which kind a file's name means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from framewise.listening.json_log import JsonLog
from framewise.listening.parquet_log import ParquetLog
from framewise.listening.places import Place, place_of
from framewise.listening.sightings import Sighting
from framewise.listening.sqlite_log import SqliteLog

__all__ = ["KINDS", "EventLog", "InMemoryLog", "Place", "open_log"]


class EventLog(Protocol):
    """A log to which is only added. What comes twice is kept once."""

    def place(self, camera: str) -> Place | None:
        """Where the log of this camera ends; None while there is nothing of it."""

    def append(self, sightings: Sequence[Sighting]) -> None:
        """Keep what was noticed by one event: all of it or nothing."""

    def close(self) -> None:
        """Write what is held back."""


@dataclass
class InMemoryLog:
    """The twin for tests and trials."""

    kept: list[Sighting] = field(default_factory=list)

    def place(self, camera: str) -> Place | None:
        return place_of(sighting for sighting in self.kept if sighting.camera == camera)

    def append(self, sightings: Sequence[Sighting]) -> None:
        known = {sighting.id for sighting in self.kept}
        self.kept.extend(sighting for sighting in sightings if sighting.id not in known)

    def close(self) -> None:
        return None


KINDS: dict[str, Callable[[Path], EventLog]] = {
    ".sqlite": SqliteLog,
    ".db": SqliteLog,
    ".parquet": ParquetLog,
    ".jsonl": JsonLog,
}


def open_log(path: Path) -> EventLog:
    """The log behind a path, by its ending. Raises ValueError for another ending, ExtraMissing without the library."""
    if path.suffix not in KINDS:
        raise ValueError(f"a log ends with {', '.join(sorted(KINDS))}, unlike {path.name}")
    return KINDS[path.suffix](path)
