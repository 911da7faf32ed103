"""Owns how a feed becomes a video: by upload, address, stream or camera, and the same video for the same feed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from framewise.answers import Video
from framewise.client import Client
from framewise.feeds.cameras import Cameras
from framewise.feeds.file import Feed
from framewise.tasks import task_of


class Sending:
    """Makes videos of feeds, and knows which of them need this machine to go on."""

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras

    def submit(self, client: Client, feed: Feed, key: str) -> Video:
        """The video of a feed; with a key that was used before, the one of then. Raises FramewiseError and OSError."""
        options = wishes(feed) | {"idempotency_key": key}
        if feed.kind == "camera":
            return self._cameras.start(client, feed)
        if feed.kind == "file":
            return client.upload(feed.source, **options)
        if feed.kind == "address":
            return client.start(feed.source, **options)
        return client.stream(feed.source, feed.keep, **options)

    def trouble(self, feed: Feed) -> str:
        """What has ended here that the feed needs; empty while it can go on."""
        return self._cameras.trouble(feed)

    def close(self) -> None:
        """End what runs here."""
        self._cameras.close()


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
