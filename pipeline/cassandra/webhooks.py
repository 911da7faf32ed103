"""Owns the webhook store on Cassandra: a listing, and deliveries that are claimed by lightweight transactions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pipeline.cassandra.client import CassandraClient, utc
from pipeline.stores.webhooks import Delivery, DeliveryState, Try, Watched, in_order, now_ms

SHARD = 0
COLUMNS = (
    "video_id",
    "delivery_id",
    "event",
    "attempt",
    "created_at",
    "body",
    "next_at",
    "state",
    "tries",
    "failures",
)
ADD = f"INSERT INTO webhook_deliveries ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) IF NOT EXISTS"
ONE = "WHERE video_id = ? AND delivery_id = ?"
WATCHED = "SELECT video_id, since, writetime(since) AS mark FROM webhook_videos WHERE shard = ?"


class CassandraWebhookStore:
    """WebhookStore on Cassandra."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def watch(self, video_id: UUID) -> None:
        """List a video."""
        insert = "INSERT INTO webhook_videos (shard, video_id, since) VALUES (?, ?, ?)"
        self._db.execute(insert, (SHARD, video_id, now_ms()))

    def watched(self, after: UUID | None, limit: int) -> list[Watched]:
        """At most so many listed videos behind one."""
        if after is None:
            rows = self._db.rows(f"{WATCHED} LIMIT ?", (SHARD, limit))
        else:
            rows = self._db.rows(f"{WATCHED} AND video_id > ? LIMIT ?", (SHARD, after, limit))
        return [Watched(row.video_id, row.since.replace(tzinfo=UTC), row.mark) for row in rows]

    def unwatch(self, watched: Watched) -> None:
        """Take a video off the list as of the time at which it was listed, so that a later entry stays."""
        delete = "DELETE FROM webhook_videos USING TIMESTAMP ? WHERE shard = ? AND video_id = ?"
        self._db.execute(delete, (watched.mark, SHARD, watched.video_id))

    def add(self, delivery: Delivery) -> None:
        """Keep a new delivery."""
        self._db.apply(ADD, [_plain(delivery, name) for name in COLUMNS])

    def deliveries(self, video_id: UUID) -> list[Delivery]:
        """All of a video."""
        select = f"SELECT {', '.join(COLUMNS)} FROM webhook_deliveries WHERE video_id = ?"
        return in_order([_from_row(row) for row in self._db.rows(select, (video_id,)) if row.state is not None])

    def claim(self, delivery: Delivery, holder: str, seconds: int) -> bool:
        """Take a pending delivery that is as given and in nobody's hands."""
        return self._db.apply(
            f"UPDATE webhook_deliveries USING TTL {int(seconds)} SET holder = ? {ONE} "
            "IF holder = null AND state = 'pending' AND next_at = ? AND failures = ?",
            (holder, delivery.video_id, delivery.delivery_id, delivery.next_at, delivery.failures),
        )

    def record(self, delivery: Delivery, holder: str) -> bool:
        """Write what became of a delivery and let go of it."""
        changing = ("state", "tries", "failures", "next_at")
        return self._db.apply(
            f"UPDATE webhook_deliveries SET {', '.join(f'{name} = ?' for name in changing)}, holder = null {ONE} "
            "IF holder = ?",
            (*(_plain(delivery, name) for name in changing), delivery.video_id, delivery.delivery_id, holder),
        )

    def again(self, delivery: Delivery, now: datetime) -> bool:
        """Make a delivery pending from now on, unless it is in somebody's hands."""
        return self._db.apply(
            f"UPDATE webhook_deliveries SET state = 'pending', next_at = ?, failures = 0 {ONE} "
            "IF holder = null AND state != null",
            (now, delivery.video_id, delivery.delivery_id),
        )

    def forget(self, video_id: UUID) -> None:
        """Delete all that is kept of a video."""
        forget_webhooks(self._db, video_id)


def forget_webhooks(client: CassandraClient, video_id: UUID) -> None:
    """Delete what is kept of a video's webhooks."""
    rows = client.rows("SELECT delivery_id FROM webhook_deliveries WHERE video_id = ?", (video_id,))
    for delivery_id in [row.delivery_id for row in rows]:
        client.apply(f"DELETE FROM webhook_deliveries {ONE} IF EXISTS", (video_id, delivery_id))
    client.execute("DELETE FROM webhook_videos WHERE shard = ? AND video_id = ?", (SHARD, video_id))


def _plain(delivery: Delivery, name: str) -> Any:
    if name == "tries":
        return [(t.at, t.seconds, t.status, t.error) for t in delivery.tries]
    return delivery.state.value if name == "state" else getattr(delivery, name)


def _from_row(row: Any) -> Delivery:
    return Delivery(
        row.video_id,
        row.delivery_id,
        row.event,
        row.attempt,
        row.created_at.replace(tzinfo=UTC),
        row.body,
        utc(row.next_at),
        DeliveryState(row.state),
        _tries(row.tries or ()),
        row.failures,
    )


def _tries(rows: Sequence[Any]) -> tuple[Try, ...]:
    return tuple(Try(row.at.replace(tzinfo=UTC), row.seconds, row.status, row.error) for row in rows)
