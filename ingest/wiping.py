"""Owns what comes late to deleted videos: it is wiped again and again until nothing can be under way any more."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from pipeline.clearing import Stores
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.deleting import delete, remains
from pipeline.stores.deletions import DeletionStore, DueWipe

MOST_AT_ONCE = 200
logger = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Wiper:
    """Looks at deleted videos when they are due, and finishes what an interrupted deletion has left.

    Several may run beside each other; each step is idempotent.
    """

    def __init__(self, stores: Stores, deletions: DeletionStore, clock: Callable[[], datetime] = _now) -> None:
        self._stores = stores
        self._deletions = deletions
        self._clock = clock

    def sweep(self) -> None:
        """One round; raises StoreError."""
        for due in self._deletions.due(self._clock(), MOST_AT_ONCE):
            self._look_at(due)

    def _look_at(self, due: DueWipe) -> None:
        found = remains(self._stores, due.video_id)
        if found:
            logger.info("video %s: wiping what came after its deletion", due.video_id)
        with suppress(NotFound, Conflict):
            delete(self._stores, self._deletions, due.video_id)
        self._deletions.looked(due, due.next(found, self._clock()))
