"""Owns the log as a folder of Parquet files: numbered parts, none of which is written twice."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from framewise.errors import ExtraMissing
from framewise.listening.places import Place, place_of
from framewise.listening.sightings import Sighting

MOST_ROWS = 500
MOST_SECONDS = 60.0
REMEMBERED = 1000
COLUMNS = (
    ("id", "string"),
    ("kind", "string"),
    ("camera", "string"),
    ("video_id", "string"),
    ("task", "string"),
    ("label", "string"),
    ("at", "timestamp", "us", "UTC"),
    ("frame_number", "int64"),
    ("media_time", "float64"),
    ("confidence", "float64"),
    ("most", "int64"),
    ("seconds", "float64"),
    ("event_id", "string"),
)


class ParquetLog:
    """EventLog in Parquet. A part is there whole or not at all.

    Rows wait for those of a minute, or for `close`. After a crash they are found again: the listener goes on where the
    last part ends.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Open or make the folder; raises ExtraMissing without pyarrow, OSError."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as e:
            raise ExtraMissing("a log in Parquet", "service", e) from e
        self._pyarrow: Any = pyarrow
        self._schema = pyarrow.schema([(name, getattr(pyarrow, kind)(*more)) for name, kind, *more in COLUMNS])
        self._path = path
        self._clock = clock
        path.mkdir(parents=True, exist_ok=True)
        self._held: list[Sighting] = []
        self._since = clock()
        self._known = dict.fromkeys([sighting.id for sighting in self._read()][-REMEMBERED:])

    def place(self, camera: str) -> Place | None:
        kept = [*self._read(), *self._held]
        return place_of(sighting for sighting in kept if sighting.camera == camera)

    def append(self, sightings: Sequence[Sighting]) -> None:
        if not self._held:
            self._since = self._clock()
        for sighting in sightings:
            if sighting.id not in self._known:
                self._held.append(sighting)
                self._known[sighting.id] = None
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        if len(self._held) >= MOST_ROWS or self._clock() - self._since >= MOST_SECONDS:
            self._write()

    def close(self) -> None:
        self._write()

    def _write(self) -> None:
        if not self._held:
            return
        table = self._pyarrow.Table.from_pylist([sighting.model_dump() for sighting in self._held], self._schema)
        part = self._path / f"part-{len(self._parts()) + 1:06d}.parquet"
        unfinished = part.with_suffix(".unfinished")
        self._pyarrow.parquet.write_table(table, unfinished)
        unfinished.rename(part)
        self._held = []

    def _parts(self) -> list[Path]:
        return sorted(self._path.glob("part-*.parquet"))

    def _read(self) -> Iterator[Sighting]:
        for part in self._parts():
            for row in self._pyarrow.parquet.read_table(part).to_pylist():
                yield Sighting.model_validate(row)
