"""Owns who does what only one process should do at a time: the contract, the store on Cassandra, and the twin."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.cassandra.client import CassandraClient


class DutyStore(Protocol):
    """Duties by name, each in one hand at most, for some seconds. Raises StoreUnavailable."""

    def take(self, name: str, owner: str, seconds: int) -> bool:
        """Take a duty that nobody has, or hold it on; whether it is the owner's for so many seconds from now."""

    def leave(self, name: str, owner: str) -> None:
        """Give a duty back; nothing happens when it is in other hands."""


class CassandraDutyStore:
    """DutyStore on Cassandra: a row a duty, which runs out by itself."""

    def __init__(self, client: CassandraClient) -> None:
        self._db = client

    def take(self, name: str, owner: str, seconds: int) -> bool:
        """Hold on what is ours, or take what is nobody's."""
        return self._db.apply(
            f"UPDATE duties USING TTL {int(seconds)} SET holder = ? WHERE name = ? IF holder = ?", (owner, name, owner)
        ) or self._db.apply(
            f"INSERT INTO duties (name, holder) VALUES (?, ?) IF NOT EXISTS USING TTL {int(seconds)}", (name, owner)
        )

    def leave(self, name: str, owner: str) -> None:
        """Give it back."""
        self._db.apply("DELETE FROM duties WHERE name = ? IF holder = ?", (name, owner))


@dataclass
class InMemoryDutyStore:
    """The twin for tests and trials."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, owner: str, seconds: int) -> bool:
        with self._lock:
            holder, until = self._held.get(name, (owner, 0.0))
            if holder != owner and until > self.clock():
                return False
            self._held[name] = owner, self.clock() + seconds
            return True

    def leave(self, name: str, owner: str) -> None:
        with self._lock:
            if self._held.get(name, ("", 0.0))[0] == owner:
                del self._held[name]
