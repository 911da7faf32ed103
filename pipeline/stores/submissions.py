"""Owns which video a submission's key made: the contract of the store of keys, and its in-memory twin."""

import threading
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

KEY_DAYS = 7
"""So long a key is remembered."""


@dataclass(frozen=True, slots=True)
class SubmissionKey:
    """A key that a client made up for a submission. `scope` is whose it is: the id of the API key, or nothing."""

    scope: str
    key: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key stands for: the video, None when that is gone, and the fingerprint of what was asked."""

    video_id: UUID | None
    fingerprint: str | None


class SubmissionStore(Protocol):
    """Keys of submissions. Safe for threads and processes; raises StoreUnavailable."""

    def find(self, key: SubmissionKey) -> Claim | None:
        """What a key stands for."""

    def claim(self, key: SubmissionKey, wanted: Claim) -> Claim:
        """Have a key stand for a video for some days; returns what it stands for, the first claim of all."""

    def forget(self, video_id: UUID) -> None:
        """The video is gone: its key stays taken and stands for none."""


@dataclass
class InMemorySubmissionStore:
    """The twin for tests and trials."""

    _claims: dict[SubmissionKey, Claim] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: SubmissionKey) -> Claim | None:
        return self._claims.get(key)

    def claim(self, key: SubmissionKey, wanted: Claim) -> Claim:
        with self._lock:
            return self._claims.setdefault(key, wanted)

    def forget(self, video_id: UUID) -> None:
        with self._lock:
            for key, claim in self._claims.items():
                if claim.video_id == video_id:
                    self._claims[key] = replace(claim, video_id=None, fingerprint=None)
