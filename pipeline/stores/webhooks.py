"""Owns what is kept of webhooks: which videos' states are to be told, what was sent, and the in-memory twin."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import Protocol
from uuid import UUID

KEPT_TRIES = 20
FIRST_EVENT = "video.processing"


class DeliveryState(StrEnum):
    """Whether a delivery has arrived, may still, or was given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Try:
    """One request: when it began, how long it took, and the answer's status or why there was none."""

    at: datetime
    seconds: float
    status: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a callback address; it is the same, whoever makes it. Times are whole milliseconds.

    `created_at` is when the video reached the state that it tells. `failures` counts those since it was last asked for;
    `next_at` is None when nothing more is tried.
    """

    video_id: UUID
    delivery_id: UUID
    event: str
    attempt: int
    created_at: datetime
    body: str
    next_at: datetime | None
    state: DeliveryState = DeliveryState.PENDING
    tries: tuple[Try, ...] = ()
    failures: int = 0

    def tried(self, what: Try, state: DeliveryState, next_at: datetime | None) -> "Delivery":
        """With one try more; only the newest are kept."""
        failures = self.failures + (state is not DeliveryState.DELIVERED)
        return replace(self, tries=(*self.tries, what)[-KEPT_TRIES:], state=state, next_at=next_at, failures=failures)


@dataclass(frozen=True, slots=True)
class Watched:
    """A video whose states are to be told, since when, and a mark that changes when it is watched again."""

    video_id: UUID
    since: datetime
    mark: int


class WebhookStore(Protocol):
    """The listing and the log of deliveries. Safe for threads; raises StoreUnavailable."""

    def watch(self, video_id: UUID) -> None:
        """List a video; whoever changes its state by hand lists it before."""

    def watched(self, after: UUID | None, limit: int) -> list[Watched]:
        """At most so many listed videos behind one, in an order of the store's."""

    def unwatch(self, watched: Watched) -> None:
        """Take a video off the list, unless it was listed again since."""

    def add(self, delivery: Delivery) -> None:
        """Keep a new delivery; nothing happens when it is known."""

    def deliveries(self, video_id: UUID) -> list[Delivery]:
        """All of a video, in the order of their events."""

    def claim(self, delivery: Delivery, holder: str, seconds: int) -> bool:
        """Take a pending delivery that is as given and in nobody's hands; whether it is ours for so long."""

    def record(self, delivery: Delivery, holder: str) -> bool:
        """Write what became of a delivery and let go of it; False when it is not ours any more."""

    def again(self, delivery: Delivery, now: datetime) -> bool:
        """Make a delivery pending from now on, unless it is in somebody's hands; whether it is."""

    def forget(self, video_id: UUID) -> None:
        """Delete all that is kept of a video."""


def in_order(deliveries: list[Delivery]) -> list[Delivery]:
    """By attempt, then as states follow each other, though both be of one millisecond."""
    return sorted(deliveries, key=lambda d: (d.attempt, d.event != FIRST_EVENT, d.created_at))


def now_ms() -> datetime:
    """The time, in whole milliseconds as the store keeps it."""
    return whole_ms(datetime.now(UTC))


def whole_ms(at: datetime) -> datetime:
    """A time without what the store would cut off."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass
class InMemoryWebhookStore:
    """The twin for tests and trials."""

    _watched: dict[UUID, Watched] = field(default_factory=dict)
    _deliveries: dict[tuple[UUID, UUID], Delivery] = field(default_factory=dict)
    _holders: dict[UUID, tuple[str, float]] = field(default_factory=dict)
    _marks: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def watch(self, video_id: UUID) -> None:
        self._watched[video_id] = Watched(video_id, now_ms(), next(self._marks))

    def watched(self, after: UUID | None, limit: int) -> list[Watched]:
        listed = sorted(self._watched.values(), key=lambda w: w.video_id)
        return [w for w in listed if after is None or w.video_id > after][:limit]

    def unwatch(self, watched: Watched) -> None:
        with self._lock:
            if self._watched.get(watched.video_id) == watched:
                del self._watched[watched.video_id]

    def add(self, delivery: Delivery) -> None:
        self._deliveries.setdefault((delivery.video_id, delivery.delivery_id), delivery)

    def deliveries(self, video_id: UUID) -> list[Delivery]:
        return in_order([d for d in list(self._deliveries.values()) if d.video_id == video_id])

    def _held(self, delivery_id: UUID) -> str | None:
        holder, until = self._holders.get(delivery_id, (None, 0.0))
        return holder if until > datetime.now(UTC).timestamp() else None

    def claim(self, delivery: Delivery, holder: str, seconds: int) -> bool:
        with self._lock:
            known = self._deliveries.get((delivery.video_id, delivery.delivery_id))
            if known != delivery or known.state is not DeliveryState.PENDING or self._held(delivery.delivery_id):
                return False
            self._holders[delivery.delivery_id] = (holder, datetime.now(UTC).timestamp() + seconds)
            return True

    def record(self, delivery: Delivery, holder: str) -> bool:
        with self._lock:
            key = (delivery.video_id, delivery.delivery_id)
            if key not in self._deliveries or self._held(delivery.delivery_id) != holder:
                return False
            self._deliveries[key] = delivery
            del self._holders[delivery.delivery_id]
            return True

    def again(self, delivery: Delivery, now: datetime) -> bool:
        with self._lock:
            key = (delivery.video_id, delivery.delivery_id)
            if key not in self._deliveries or self._held(delivery.delivery_id):
                return False
            known = self._deliveries[key]
            self._deliveries[key] = replace(known, state=DeliveryState.PENDING, next_at=now, failures=0)
            return True

    def forget(self, video_id: UUID) -> None:
        with self._lock:
            self._watched.pop(video_id, None)
            for key in [key for key in self._deliveries if key[0] == video_id]:
                del self._deliveries[key]
