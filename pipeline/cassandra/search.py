"""Owns the search index on Cassandra: a partition a day and label, and one a day for searches without a label."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import CassandraClient, grouped
from pipeline.contracts.results import TaskName
from pipeline.stores.search import SearchEntry, SearchPlace

ANY = "*"
COLUMNS = (
    "key, day, created_at, video_id, task, label, model, frames, first_media_time, last_media_time, max_confidence"
)
INSERT = f"INSERT INTO search_entries ({COLUMNS}) VALUES ({', '.join('?' * 11)}) USING TIMESTAMP ?"
INSERT_DAY = "INSERT INTO search_days (key, day) VALUES (?, ?)"
INSERT_OF_VIDEO = (
    "INSERT INTO search_entries_of_video (video_id, task, label, model, created_at) VALUES (?, ?, ?, ?, ?) "
    "USING TIMESTAMP ?"
)
SELECT_OF_VIDEO = (
    "SELECT task, label, model, created_at, writetime(created_at) AS written FROM search_entries_of_video "
    "WHERE video_id = ?"
)
IN_DAY = "FROM search_entries {using} WHERE key = ? AND day = ? AND created_at = ? AND video_id = ?"
DELETE_VIDEO = f"DELETE {IN_DAY.format(using='USING TIMESTAMP ?')}"
DELETE_ENTRY = f"{DELETE_VIDEO} AND task = ? AND label = ? AND model = ?"
DELETE_OF_VIDEO = "DELETE FROM search_entries_of_video USING TIMESTAMP ? WHERE video_id = ?"
DELETE_ONE_OF_VIDEO = f"{DELETE_OF_VIDEO} AND task = ? AND label = ? AND model = ?"
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

TOGETHER = 50
DAY_SECONDS = 60.0
"""So long nobody says again that a day has entries."""
Key = tuple[str, date]
Write = tuple[str, Sequence[Sequence[Any]]]


class CassandraSearchIndex:
    """SearchIndex on Cassandra. Entries are as old as the revision of their data: a slow writer spoils nothing."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client
        self._days_said: dict[Key, float] = {}

    def replace(self, video_id: UUID, entries: Sequence[SearchEntry], revision: int) -> None:
        """Write the video's list of entries first, since it is what finds them again."""
        places = [entry.place for entry in entries]
        gone = {_place(video_id, row) for row in self._of(video_id)} - set(places)
        listed = [(video_id, p.task, p.label, p.model, p.created_at, revision) for p in places]
        self._db.write_many(grouped(INSERT_OF_VIDEO, listed, TOGETHER))
        self._enter_days(entries)
        self._db.write_many(_inserts(entries, revision))
        self._db.write_many(write for place in sorted(gone) for write in _deletes(place, revision))

    def _enter_days(self, entries: Sequence[SearchEntry]) -> None:
        """Say which days have entries. What was said a moment ago is not said again, but for people: they are erased
        with their days.
        """
        now = time.monotonic()
        self._days_said = {key: at for key, at in self._days_said.items() if now - at < DAY_SECONDS}
        keys = {key for entry in entries for key in _keys(entry.place)} - self._days_said.keys()
        self._db.write_many((INSERT_DAY, [key]) for key in sorted(keys))
        named = {key for entry in entries if entry.task is TaskName.IDENTITIES for key in _keys(entry.place)}
        self._days_said |= dict.fromkeys(keys - named, now)

    def _of(self, video_id: UUID) -> list[Any]:
        return list(self._db.rows(SELECT_OF_VIDEO, (video_id,)))

    def forget(self, video_id: UUID) -> None:
        """Take out all entries of a video; its list goes last, so that this can be repeated."""
        known = self._of(video_id)
        at = max(time.time_ns() // 1000, *(row.written for row in known), 0)
        places = {(key, row.created_at) for row in known for key in (ANY, _key(row.label))}
        self._db.write_many(
            (DELETE_VIDEO, [(at, key, created_at.date(), created_at, video_id)]) for key, created_at in sorted(places)
        )
        self._db.execute(DELETE_OF_VIDEO, (at, video_id))

    def drop(self, entry: SearchEntry) -> None:
        """Take out what is left under this entry's label of a video that is not there any more."""
        now = time.time_ns() // 1000
        for key, day in _keys(entry.place):
            self._db.execute(DELETE_VIDEO, (now, key, day, entry.created_at, entry.video_id))

    def forget_label(self, video_id: UUID, label: str) -> int:
        """Take out entries, then the days of the label that have none any more."""
        now = time.time_ns() // 1000
        named = (TaskName.IDENTITIES.value, label)
        going = [_place(video_id, row) for row in self._of(video_id) if (row.task, row.label) == named]
        self._db.write_many(write for place in going for write in _deletes(place, now))
        key, one = _key(label), "SELECT label FROM search_entries WHERE key = ? AND day = ? LIMIT 1"
        for day in list(self._days(key, FIRST.date(), LAST.date())):
            if self._db.execute(one, (key, day)).one() is None:
                self._db.execute("DELETE FROM search_days WHERE key = ? AND day = ?", (key, day))
        return len(going)

    def find(
        self,
        label: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        after: SearchPlace | None = None,
    ) -> Iterator[SearchEntry]:
        """Entries from high places to low, day by day."""
        key = ANY if label is None else _key(label)
        first = created_from or FIRST
        last = min(created_to or LAST, after.created_at if after else LAST)
        select = f"SELECT {COLUMNS} FROM search_entries WHERE key = ? AND day = ?"
        for day in self._days(key, first.date(), last.date()):
            if after is not None and day == after.created_at.date():
                later = f"{select} AND (created_at, video_id, task, label, model) < (?, ?, ?, ?, ?)"
                place = (after.created_at, after.video_id, after.task, after.label, after.model)
                rows = self._db.rows(later, (key, day, *place), 100)
            else:
                rows = self._db.rows(f"{select} AND created_at <= ?", (key, day, last), 100)
            for entry in map(_entry, rows):
                if entry.created_at < first:
                    return
                yield entry

    def _days(self, key: str, first: date, last: date) -> Iterator[date]:
        rows = self._db.rows(
            "SELECT day FROM search_days WHERE key = ? AND day >= ? AND day <= ?", (key, first, last), 100
        )
        return (row.day.date() for row in rows)


def _place(video_id: UUID, row: Any) -> SearchPlace:
    return SearchPlace(row.created_at.replace(tzinfo=UTC), video_id, row.task, row.label, row.model)


def _key(label: str) -> str:
    return f"={label}"


def _keys(place: SearchPlace) -> tuple[Key, ...]:
    day = place.created_at.astimezone(UTC).date()
    return (ANY, day), (_key(place.label), day)


def _inserts(entries: Sequence[SearchEntry], revision: int) -> Iterator[Write]:
    """The entries, those of one partition together."""
    rows: defaultdict[Key, list[Sequence[Any]]] = defaultdict(list)
    for entry in entries:
        p = entry.place
        found = (entry.frames, entry.first_media_time, entry.last_media_time, entry.max_confidence)
        for key in _keys(p):
            rows[key].append((*key, p.created_at, p.video_id, p.task, p.label, p.model, *found, revision))
    for some in rows.values():
        yield from grouped(INSERT, some, TOGETHER)


def _deletes(place: SearchPlace, revision: int) -> Iterator[Write]:
    names = (place.task, place.label, place.model)
    for key, day in _keys(place):
        yield DELETE_ENTRY, [(revision, key, day, place.created_at, place.video_id, *names)]
    yield DELETE_ONE_OF_VIDEO, [(revision, place.video_id, *names)]


def _entry(row: Any) -> SearchEntry:
    return SearchEntry(
        row.video_id,
        row.created_at.replace(tzinfo=UTC),
        TaskName(row.task),
        row.label,
        row.model,
        row.frames,
        row.first_media_time,
        row.last_media_time,
        row.max_confidence,
    )
