"""Owns the store of the service's speed on Cassandra: one small partition, a row an observer, gone after a minute."""

from dataclasses import fields
from typing import Any

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.stores.speed import Speed, best

SHARD = 0
COLUMNS = tuple(f.name for f in fields(Speed))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM service_speed WHERE shard = ?"
INSERT = f"INSERT INTO service_speed (shard, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})"


class CassandraSpeedStore:
    """SpeedStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def save(self, speed: Speed) -> None:
        """Keep it in place of what this observer has seen before."""
        values = {name: getattr(speed, name) for name in COLUMNS} | {"video_rates": dict(speed.video_rates)}
        self._db.execute(INSERT, (SHARD, *(values[name] for name in COLUMNS)))

    def newest(self) -> Speed | None:
        """What was seen last, by any observer."""
        return best([_from_row(row) for row in self._db.rows(SELECT, (SHARD,))])


def _from_row(row: Any) -> Speed:
    values = row._asdict() | {
        "observed_at": utc(row.observed_at),
        "running_frames": row.running_frames or 0.0,
        "video_rates": dict(row.video_rates or {}),
    }
    return Speed(**values)
