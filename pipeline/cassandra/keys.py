"""Owns the key store on Cassandra, written by lightweight transactions only."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.stores.keys import ApiKey, Scope

COLUMNS = tuple(f.name for f in fields(ApiKey))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM api_keys"
INSERT = f"INSERT INTO api_keys ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) IF NOT EXISTS"


class CassandraKeyStore:
    """KeyStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        values = [set(key.scopes) if name == "scopes" else getattr(key, name) for name in COLUMNS]
        if not self._db.apply(INSERT, values):
            raise Conflict(f"there is a key {key.key_id} already")

    def get(self, key_id: str) -> ApiKey | None:
        """The key, revoked or not."""
        row = self._db.execute(f"{SELECT} WHERE key_id = ?", (key_id,)).one()
        return _from_row(row) if row is not None else None

    def all(self) -> list[ApiKey]:
        """Every key, oldest first; they are few, so the table is read."""
        return sorted(map(_from_row, self._db.rows(SELECT)), key=lambda key: (key.created_at, key.key_id))

    def revoke(self, key_id: str) -> None:
        """Let a key be refused from now on."""
        if self._known(key_id).revoked_at is None:
            self._db.apply(
                "UPDATE api_keys SET revoked_at = ? WHERE key_id = ? IF revoked_at = null", (datetime.now(UTC), key_id)
            )

    def give_share(self, key_id: str, share: int) -> None:
        """Change a key's part of the service."""
        self._known(key_id)
        self._db.apply("UPDATE api_keys SET share = ? WHERE key_id = ? IF EXISTS", (share, key_id))

    def _known(self, key_id: str) -> ApiKey:
        if (key := self.get(key_id)) is None:
            raise NotFound(f"there is no key {key_id}")
        return key


def _from_row(row: Any) -> ApiKey:
    values = row._asdict() | {
        "scopes": frozenset(map(Scope, row.scopes or ())),
        "created_at": utc(row.created_at),
        "revoked_at": utc(row.revoked_at),
    }
    return ApiKey(**values)
