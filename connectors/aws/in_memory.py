"""Owns the in-memory twins of queue, documents, objects and analyses, for tests and trials."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from connectors.aws.job import Place, Step, VideoId
from connectors.aws.seams import Message, ObjectMissing
from framewise.answers import Result, Video


@dataclass
class _Kept:
    message: Message
    visible_at: float = 0.0


@dataclass
class InMemoryQueue:
    """A queue; `aside` holds what was set aside, with the reason, when `has_dead_letters`; `delivered` counts."""

    visibility: int = 30
    has_dead_letters: bool = True
    name: str = "in-memory"
    most_receives: int | None = None
    aside: list[tuple[Message, str]] = field(default_factory=list)
    delivered: int = 0
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, body: str) -> str:
        """Put a message; its id."""
        with self._lock:
            message = Message(str(next(self._ids)), "", body, 0)
            self._kept[message.message_id] = _Kept(message)
            return message.message_id

    def __len__(self) -> int:
        """How many messages there are, visible or not."""
        return len(self._kept)

    def receive(self, wait: int) -> Message | None:
        until = time.monotonic() + wait
        while (message := self._next()) is None and time.monotonic() < until:
            time.sleep(0.01)
        return message

    def _next(self) -> Message | None:
        with self._lock:
            now = time.monotonic()
            kept = next((kept for kept in self._kept.values() if kept.visible_at <= now), None)
            if kept is None:
                return None
            self.delivered += 1
            kept.visible_at = now + self.visibility
            kept.message = replace(kept.message, receives=kept.message.receives + 1, receipt=str(next(self._ids)))
            return kept.message

    def extend(self, message: Message, seconds: int) -> None:
        with self._lock:
            if message.message_id in self._kept:
                self._kept[message.message_id].visible_at = time.monotonic() + seconds

    def delete(self, message: Message) -> None:
        with self._lock:
            self._kept.pop(message.message_id, None)

    def set_aside(self, message: Message, reason: str) -> bool:
        if self.has_dead_letters:
            self.aside.append((message, reason))
            self.delete(message)
        return self.has_dead_letters


@dataclass
class InMemoryDocuments:
    """Documents: the steps by the VideoId's type and value, and by name."""

    steps: dict[tuple[type, VideoId], dict[str, Step]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, video_id: VideoId, name: str, change: Callable[[Step | None], Step | None]) -> Step | None:
        with self._lock:
            steps = self.steps.setdefault((type(video_id), video_id), {})
            current = steps.get(name)
            wanted = change(current)
            if wanted is None:
                return current
            steps[name] = wanted
            return wanted


@dataclass
class InMemoryObjects:
    """Objects by their place."""

    kept: dict[Place, bytes] = field(default_factory=dict)

    def version(self, place: Place) -> str:
        if place not in self.kept:
            raise ObjectMissing(f"s3://{place.bucket}/{place.key} is not there")
        return str(hash(self.kept[place]))

    def exists(self, place: Place) -> bool:
        return place in self.kept

    def put(self, place: Place, file: IO[bytes]) -> None:
        self.kept[place] = file.read()


@dataclass
class InMemoryAnalyses:
    """Analyses that end at once as `ends` says of an object, with the same rows for all; `submitted` has their keys."""

    ends: Callable[[Place], Video]
    found: list[Result] = field(default_factory=list)
    submitted: dict[str, Video] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, place: Place, video_id: VideoId, key: str) -> Video:
        with self._lock:
            return self.submitted.setdefault(key, self.ends(place))

    def follow(self, video_id: str) -> Video:
        return next(video for video in self.submitted.values() if video.video_id == video_id)

    def rows(self, video: Video) -> Iterator[Result]:
        yield from self.found
