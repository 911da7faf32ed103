"""Owns the log as a table of an SQLite database."""

from collections.abc import Sequence
from pathlib import Path

from framewise.errors import ExtraMissing
from framewise.listening.places import Place, place_of
from framewise.listening.sightings import Sighting

TABLE = "sightings"


class SqliteLog:
    """EventLog in SQLite, table `sightings`: others may read while it is written."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises ExtraMissing without sqlite-utils, sqlite3.Error for a file that is no database."""
        try:
            import sqlite_utils
        except ImportError as e:
            raise ExtraMissing("a log in SQLite", "camera", e) from e
        self._db = sqlite_utils.Database(path)
        self._db.enable_wal()

    def place(self, camera: str) -> Place | None:
        if TABLE not in self._db.table_names():
            return None
        rows = self._db[TABLE].rows_where("camera = ?", [camera], order_by="rowid")
        return place_of(Sighting.model_validate(row) for row in rows)

    def append(self, sightings: Sequence[Sighting]) -> None:
        rows = [sighting.model_dump(mode="json") for sighting in sightings]
        self._db[TABLE].insert_all(rows, pk="id", ignore=True)

    def close(self) -> None:
        self._db.close()
