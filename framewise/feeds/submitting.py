"""Owns how a feed becomes a video: by upload, address or stream, and the same video for the same feed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from framewise.answers import Video
from framewise.client import Client
from framewise.feeds.file import Feed
from framewise.tasks import task_of


def submit(client: Client, feed: Feed, key: str) -> Video:
    """The video of a feed; with a key that was used before, the one of then. Raises FramewiseError and OSError."""
    options = wishes(feed) | {"idempotency_key": key}
    if feed.kind == "file":
        return client.upload(feed.source, **options)
    if feed.kind == "address":
        return client.start(feed.source, **options)
    return client.stream(feed.source, feed.keep, **options)


def wishes(feed: Feed) -> dict[str, Any]:
    """How a feed is analysed, as the client takes it."""
    found: dict[str, Any] = {"name": feed.id, "external_id": feed.id, "tags": list(feed.tags) or None}
    found["tasks"] = [task_of(word) for word in feed.models] if feed.models else None
    found["sample_seconds"] = 1 / feed.rate if feed.rate else None
    return {name: value for name, value in found.items() if value is not None}


def key_of(feed: Feed, file: Path, turn: int, salt: str = "") -> str:
    """The same for the same feed of the same file of feeds; another one when what is asked has changed."""
    asked = [str(file.resolve()), feed.model_dump(mode="json"), turn, salt]
    if feed.kind == "file":
        there = Path(feed.source).stat()
        asked += [there.st_size, there.st_mtime_ns]
    return f"feed-{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()}"
