"""Owns when a delivery is tried again, and when it is given up."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.webhooks.plan import GONE
from pipeline.stores.webhooks import Delivery, DeliveryState, Try, whole_ms

JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pauses after failures, in seconds; after the last a delivery is given up."""

    pauses: tuple[float, ...]

    def outcome(self, delivery: Delivery, what: Try, now: datetime) -> Delivery:
        """A delivery after a try."""
        if what.error is None:
            return delivery.tried(what, DeliveryState.DELIVERED, None)
        if what.status == GONE or delivery.failures >= len(self.pauses):
            return delivery.tried(what, DeliveryState.FAILED, None)
        pause = self.pauses[delivery.failures] * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
        return delivery.tried(what, DeliveryState.PENDING, whole_ms(now + timedelta(seconds=pause)))
