"""Owns the store of publishers on Cassandra; who publishes is written by lightweight transactions only."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.video_rows import insert, plain
from pipeline.contracts.errors import Conflict
from pipeline.stores.publishers import PublisherState

SHARD = 0
COLUMNS = tuple(f.name for f in fields(PublisherState))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM publishers WHERE video_id = ?"
NAMED = "SELECT video_id FROM stream_keys WHERE key_hash = ?"
LISTED = "SELECT video_id FROM open_publishers WHERE shard = ?"
UNLIST = "DELETE FROM open_publishers WHERE shard = ? AND video_id = ?"
CONNECT = (
    "UPDATE publishers SET session = ?, since = ?, ended_at = null WHERE video_id = ? "
    "IF key_hash = ? AND revoked_at = null"
)
END = "UPDATE publishers SET ended_at = ? WHERE video_id = ? IF session = ? AND ended_at = null"
REVOKE = "UPDATE publishers SET revoked_at = ? WHERE video_id = ? IF key_hash = ? AND revoked_at = null"


class CassandraPublisherStore:
    """PublisherStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def invite(self, state: PublisherState) -> None:
        """The row comes first: what a key names and what is listed can be found, and deleted, by it."""
        values = [getattr(state, name) for name in COLUMNS]
        if not self._db.apply(insert("publishers", COLUMNS) + " IF NOT EXISTS", values):
            raise Conflict(f"video {state.video_id} has a stream key already")
        self._db.execute(insert("open_publishers", ("shard", "video_id")), (SHARD, state.video_id))
        self._db.execute(insert("stream_keys", ("key_hash", "video_id")), (state.key_hash, state.video_id))

    def state(self, video_id: UUID) -> PublisherState | None:
        """Who publishes a video."""
        row = self._db.execute(SELECT, (video_id,)).one()
        if row is None or row.key_hash is None:
            return None
        return PublisherState(**{name: plain(getattr(row, name)) for name in COLUMNS})

    def by_key(self, key_hash: str) -> PublisherState | None:
        """What a key opens."""
        row = self._db.execute(NAMED, (key_hash,)).one()
        return self.state(row.video_id) if row is not None else None

    def connect(self, video_id: UUID, session: str, at: datetime) -> bool:
        """Somebody publishes from now on."""
        state = self.state(video_id)
        return state is not None and self._db.apply(CONNECT, (session, at, video_id, state.key_hash))

    def end(self, video_id: UUID, session: str, at: datetime) -> bool:
        """This session is over."""
        return self._db.apply(END, (at, video_id, session))

    def revoke(self, video_id: UUID, at: datetime) -> None:
        """Let the key open nothing."""
        if (state := self.state(video_id)) is not None and state.revoked_at is None:
            self._db.apply(REVOKE, (at, video_id, state.key_hash))

    def listed(self) -> Iterator[UUID]:
        """The videos to look after."""
        return (row.video_id for row in self._db.rows(LISTED, (SHARD,)))

    def unlist(self, video_id: UUID) -> None:
        """There is nothing to look after any more."""
        self._db.execute(UNLIST, (SHARD, video_id))

    def forget(self, video_id: UUID) -> None:
        """Delete all; the row goes last, so that an interruption leaves it to be found."""
        if (state := self.state(video_id)) is None:
            return
        self._db.execute("DELETE FROM stream_keys WHERE key_hash = ?", (state.key_hash,))
        self.unlist(video_id)
        self._db.apply("DELETE FROM publishers WHERE video_id = ? IF EXISTS", (video_id,))
