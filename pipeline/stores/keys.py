"""Owns API keys as they are kept: who may ask, what for and how often; the contract of a store and its twin."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from pipeline.contracts.errors import Conflict, NotFound


class Scope(StrEnum):
    """What a key allows: to read, to submit and change, or everything, of everybody."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. Limits that are None are the service's; 0 is no limit.

    `share` is its part of the service beside other keys whose videos wait; None is 1.
    """

    key_id: str
    name: str
    secret_hash: str
    scopes: frozenset[Scope]
    created_at: datetime
    requests_per_minute: int | None = None
    open_videos: int | None = None
    revoked_at: datetime | None = None
    share: int | None = None


class KeyStore(Protocol):
    """Keys, kept for ever: who submitted a video stays known. Raises StoreUnavailable when it does not answer."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key; raises Conflict when its id is taken."""

    def get(self, key_id: str) -> ApiKey | None:
        """The key, revoked or not."""

    def all(self) -> list[ApiKey]:
        """Every key, oldest first."""

    def revoke(self, key_id: str) -> None:
        """Let a key be refused from now on; may be repeated, raises NotFound."""

    def give_share(self, key_id: str, share: int) -> None:
        """Change a key's part of the service, also for what waits already; raises NotFound."""


@dataclass
class InMemoryKeyStore:
    """The twin for tests and trials."""

    _keys: dict[str, ApiKey] = field(default_factory=dict)

    def add(self, key: ApiKey) -> None:
        if self._keys.setdefault(key.key_id, key) is not key:
            raise Conflict(f"there is a key {key.key_id} already")

    def get(self, key_id: str) -> ApiKey | None:
        return self._keys.get(key_id)

    def all(self) -> list[ApiKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.key_id))

    def revoke(self, key_id: str) -> None:
        key = self._known(key_id)
        self._keys[key_id] = replace(key, revoked_at=key.revoked_at or datetime.now(UTC))

    def give_share(self, key_id: str, share: int) -> None:
        self._keys[key_id] = replace(self._known(key_id), share=share)

    def _known(self, key_id: str) -> ApiKey:
        if (key := self._keys.get(key_id)) is None:
            raise NotFound(f"there is no key {key_id}")
        return key
