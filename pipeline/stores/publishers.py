"""Owns who may publish a stream, and who does: the contract of the store, and its in-memory twin.

A key opens one video. What a session is called is up to the server that people publish to; each connection has another.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import Conflict


@dataclass(frozen=True, slots=True)
class PublisherState:
    """Who publishes a video: since when, and until when for the last time. `key_hash` is all that is kept of the key.

    `session` is that of whoever published last; `expires_at` is when one who never came is not waited for any more.
    """

    video_id: UUID
    key_hash: str
    created_at: datetime
    expires_at: datetime
    session: str | None = None
    since: datetime | None = None
    ended_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def came(self) -> bool:
        """Whether anybody has published, ever."""
        return self.since is not None

    @property
    def connected(self) -> bool:
        """Whether somebody publishes now."""
        return self.since is not None and self.ended_at is None


class PublisherStore(Protocol):
    """Raises StoreUnavailable; calls may be repeated. What is not there is never brought back by a late call."""

    def invite(self, state: PublisherState) -> None:
        """Keep a new key, before its video; it is listed. Raises Conflict when the video has one already."""

    def state(self, video_id: UUID) -> PublisherState | None:
        """Who publishes a video; None for one that nobody can publish."""

    def by_key(self, key_hash: str) -> PublisherState | None:
        """What a key opens, revoked or not."""

    def connect(self, video_id: UUID, session: str, at: datetime) -> bool:
        """Somebody publishes from now on, instead of whoever did; whether the key is good still."""

    def end(self, video_id: UUID, session: str, at: datetime) -> bool:
        """This session is over; whether it was the one that published until now."""

    def revoke(self, video_id: UUID, at: datetime) -> None:
        """Let the key open nothing from now on."""

    def listed(self) -> Iterator[UUID]:
        """The videos that are published or waited for, and some that are not any more."""

    def unlist(self, video_id: UUID) -> None:
        """There is nothing to look after any more."""

    def forget(self, video_id: UUID) -> None:
        """Delete all that is kept of a video's publishers."""


@dataclass
class InMemoryPublisherStore:
    """The twin for tests and trials."""

    _states: dict[UUID, PublisherState] = field(default_factory=dict)
    _listed: set[UUID] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invite(self, state: PublisherState) -> None:
        with self._lock:
            if self._states.setdefault(state.video_id, state) is not state:
                raise Conflict(f"video {state.video_id} has a stream key already")
            self._listed.add(state.video_id)

    def state(self, video_id: UUID) -> PublisherState | None:
        return self._states.get(video_id)

    def by_key(self, key_hash: str) -> PublisherState | None:
        with self._lock:
            return next((state for state in self._states.values() if state.key_hash == key_hash), None)

    def connect(self, video_id: UUID, session: str, at: datetime) -> bool:
        with self._lock:
            state = self._states.get(video_id)
            if state is None or state.revoked_at is not None:
                return False
            self._states[video_id] = replace(state, session=session, since=at, ended_at=None)
            return True

    def end(self, video_id: UUID, session: str, at: datetime) -> bool:
        with self._lock:
            state = self._states.get(video_id)
            if state is None or state.session != session or not state.connected:
                return False
            self._states[video_id] = replace(state, ended_at=at)
            return True

    def revoke(self, video_id: UUID, at: datetime) -> None:
        with self._lock:
            state = self._states.get(video_id)
            if state is not None and state.revoked_at is None:
                self._states[video_id] = replace(state, revoked_at=at)

    def listed(self) -> Iterator[UUID]:
        with self._lock:
            return iter(sorted(self._listed))

    def unlist(self, video_id: UUID) -> None:
        with self._lock:
            self._listed.discard(video_id)

    def forget(self, video_id: UUID) -> None:
        with self._lock:
            self._listed.discard(video_id)
            self._states.pop(video_id, None)
