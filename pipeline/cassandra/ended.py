"""Owns the listings of ended videos on Cassandra, newest first: of everybody, and of each API key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.videos import TERMINAL, Video, VideoStatus
from pipeline.stores.videos import EndedCursor, Listing

FIRST_YEAR = 2025
PLACE = "status = ? AND year = ? AND finished_at = ? AND video_id = ?"
ENTER = "INSERT INTO ended_videos (status, year, finished_at, video_id, key_id) VALUES (?, ?, ?, ?, ?)"
ENTER_BY_KEY = "INSERT INTO ended_by_key (status, year, finished_at, video_id, key_id) VALUES (?, ?, ?, ?, ?)"
OF_ALL = "SELECT finished_at, video_id FROM ended_videos WHERE status = ? AND year = ?"
OF_KEY = "SELECT finished_at, video_id FROM ended_by_key WHERE key_id = ? AND status = ? AND year = ?"


class EndedListings:
    """Entries of videos that have ended. That of a key is written first and taken out first: none stays alone."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def enter(self, video: Video, finished_at: datetime) -> None:
        """List a video that has ended."""
        values = (video.status.value, finished_at.year, finished_at, video.video_id, video.key_id)
        if video.key_id is not None:
            self._db.execute(ENTER_BY_KEY, values)
        self._db.execute(ENTER, values)

    def take_out(self, video_id: UUID, at: datetime, status: VideoStatus) -> None:
        """Take an entry out of both listings."""
        place = (status.value, at.year, at, video_id)
        row = self._db.execute(f"SELECT key_id FROM ended_videos WHERE {PLACE}", place).one()
        if row is not None and row.key_id is not None:
            self._db.execute(f"DELETE FROM ended_by_key WHERE {PLACE} AND key_id = ?", (*place, row.key_id))
        self._db.execute(f"DELETE FROM ended_videos WHERE {PLACE}", place)

    def all(self) -> Iterator[Listing]:
        """Every entry, fetched as they are taken."""
        for year in range(FIRST_YEAR, datetime.now(UTC).year + 1):
            for status in sorted(TERMINAL):
                yield from _listings(self._db.rows(OF_ALL, (status.value, year)), status)

    def of(self, status: VideoStatus, limit: int, after: EndedCursor | None, key_id: str | None) -> Iterator[Listing]:
        """Entries of one state, at most `limit` a year; only those of a key if one is given."""
        base, owner = (OF_ALL, ()) if key_id is None else (OF_KEY, (key_id,))
        newest = after.finished_at.year if after else datetime.now(UTC).year
        for year in range(newest, FIRST_YEAR - 1, -1):
            where: tuple[Any, ...] = (*owner, status.value, year)
            if after and year == newest:
                select = f"{base} AND (finished_at, video_id) < (?, ?) LIMIT ?"
                rows = self._db.rows(select, (*where, after.finished_at, after.video_id, limit))
            else:
                rows = self._db.rows(f"{base} LIMIT ?", (*where, limit))
            yield from _listings(rows, status)


def _listings(rows: Iterator[Any], status: VideoStatus) -> Iterator[Listing]:
    return (Listing(row.video_id, row.finished_at.replace(tzinfo=UTC), status) for row in rows)
