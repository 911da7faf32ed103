"""Owns what is done with keys on the command line: make one, list them, revoke one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from api.keys import form
from pipeline.stores.keys import ApiKey, KeyStore, Scope


def create(
    store: KeyStore,
    name: str,
    scopes: Sequence[Scope],
    requests_per_minute: int | None = None,
    open_videos: int | None = None,
    share: int | None = None,
) -> str:
    """Make a key; it is returned as it is sent, and can never be shown again. Raises StoreUnavailable."""
    secret = form.new_secret()
    key = ApiKey(
        form.new_id(),
        name,
        form.digest(secret),
        frozenset(scopes),
        datetime.now(UTC),
        requests_per_minute,
        open_videos,
        share=share,
    )
    store.add(key)
    return form.written(key.key_id, secret)


def show(store: KeyStore, console: Console) -> None:
    """Print every key, oldest first, without its secret."""
    keys = store.all()
    if not keys:
        console.print("there are no keys yet; make one with: keys create --name NAME")
        return
    whole = Column("id", no_wrap=True, min_width=2 * form.ID_BYTES)  # it is typed in again, to revoke
    table = Table(whole, "name", "scopes", "requests a minute", "open videos", "share", "created", "revoked")
    for key in keys:
        table.add_row(
            key.key_id,
            Text(key.name),
            ", ".join(sorted(key.scopes)),
            _limit(key.requests_per_minute),
            _limit(key.open_videos),
            str(key.share or 1),
            f"{key.created_at:%Y-%m-%d %H:%M}",
            f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        )
    console.print(table)


def _limit(value: int | None) -> str:
    return "as set" if value is None else "no limit" if value == 0 else str(value)
