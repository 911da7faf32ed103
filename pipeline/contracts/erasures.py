"""Owns what an erasure is: whom it is about as long as it must know, how far it is, and what it took away."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

STEPS = tuple(timedelta(seconds=s) for s in (0, 5, 30, 120, 600, 3600, 25 * 3600))
"""How long after the request it is looked again: workers may have frames in hand for minutes, the topic for a day."""
KNOWS_WHOM = 3
"""Rounds in which it is known whom to look for; by then every worker has heard of it. Then names and vectors go too."""


class ErasedFrames(StrEnum):
    """What becomes of the stored frames in which the person was found."""

    BLUR = "blur"
    DELETE = "delete"
    KEEP = "keep"


class ErasureState(StrEnum):
    """`erasing` until nothing of the person is left; `erased` then, though what may come late is looked for still."""

    ERASING = "erasing"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Removed:
    """How much was removed: a part of a receipt."""

    people: int = 0
    photos: int = 0
    vectors: int = 0
    rows: int = 0
    frames_blurred: int = 0
    frames_deleted: int = 0
    track_vectors: int = 0
    raw_vectors: int = 0
    tracks: int = 0
    search_entries: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Removed)))

    def __bool__(self) -> bool:
        return self != Removed()


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure without personal data. `subjects` are digests of the ids of the people whom it is about.

    `videos` are those in which something was found while that is needed, `rounds` how often it was looked so far.
    `key_id` names the API key that asked for it.
    """

    erasure_id: UUID
    requested_at: datetime
    frames: ErasedFrames
    subjects: frozenset[str]
    key_id: str | None = None
    state: ErasureState = ErasureState.ERASING
    rounds: int = 0
    removed: Removed = Removed()
    videos: frozenset[UUID] = frozenset()
    digest: str = ""
    erased_at: datetime | None = None

    @property
    def knows_whom(self) -> bool:
        """Whether names and vectors of the person are needed still."""
        return self.rounds < KNOWS_WHOM

    @property
    def due_at(self) -> datetime | None:
        """When it is looked next; None after the last time."""
        return self.requested_at + STEPS[self.rounds] if self.rounds < len(STEPS) else None

    @property
    def pause(self) -> timedelta:
        """How long after the last round the next one comes at the earliest, also where rounds are overdue."""
        return STEPS[self.rounds] - STEPS[self.rounds - 1] if 0 < self.rounds < len(STEPS) else timedelta()

    def after(self, removed: Removed, videos: Iterable[UUID], digest: str) -> "Erasure":
        """The erasure after one more round."""
        rounds = self.rounds + 1
        done = self.erased_at or (datetime.now(UTC) if rounds >= KNOWS_WHOM else None)
        state = ErasureState.ERASED if done else ErasureState.ERASING
        return replace(self.so_far(removed, videos, digest), rounds=rounds, state=state, erased_at=done)

    def so_far(self, removed: Removed, videos: Iterable[UUID], digest: str) -> "Erasure":
        """The erasure in the middle of a round that has removed so much."""
        return replace(self, removed=self.removed + removed, videos=self.videos | {*videos}, digest=digest)


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A vector of the person by an embedding model, and from which similarity on another one is of the same person."""

    model: str
    threshold: float
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """Whom an erasure is about: all that is needed to find the person, deleted once that is done."""

    person_ids: frozenset[UUID] = frozenset()
    names: frozenset[str] = frozenset()
    faces: tuple[KnownFace, ...] = field(default=())


def subject_of(person_id: UUID) -> str:
    """The digest by which a receipt speaks of a person; who has the id can tell that it is the same."""
    return hashlib.sha256(person_id.bytes).hexdigest()


def new_erasure(brief: Brief, frames: ErasedFrames, key_id: str | None = None) -> Erasure:
    """An erasure that begins now."""
    now = datetime.now(UTC)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Erasure(uuid4(), at, frames, frozenset(map(subject_of, brief.person_ids)), key_id)
