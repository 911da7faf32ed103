"""Owns clearing up on a schedule: what was stored longer ago than the retention goes, as by `clear_frames.py`."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ingest.clearing import summary
from ingest.halt import Halt, Halted, HaltReason
from pipeline.clearing import Cleared, Stores, clear_each
from pipeline.contracts.errors import FramewiseError, LeaseLost
from pipeline.stores.duties import DutyStore

DUTY = "retention"
HOLD_SECONDS = 60
FIRST_SECONDS = 5.0
LEAST_SECONDS, MOST_SECONDS = 60.0, 3600.0
ROUNDS = 24
"""At least so many in the time of the retention: nothing stays much longer than that."""

log = logging.getLogger(__name__)


class Retention:
    """Clears what is older than `days`, soon after the start and then again and again, until `stop`; None: never.

    Of several processes one clears at a time, under a duty that it holds on while it clears. A run that is cut off
    anywhere is gone on with by the next.
    """

    def __init__(
        self,
        stores: Stores,
        duties: DutyStore,
        days: float | None,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
        first_seconds: float = FIRST_SECONDS,
    ) -> None:
        self._stores = stores
        self._duties = duties
        self._never = days is None
        self._age = timedelta(days=days or 0)
        self._owner = owner
        self._clock = clock
        self._first = first_seconds
        self._held_since = 0.0
        self._halt = Halt()

    @property
    def pause(self) -> float:
        """Seconds between two rounds."""
        return max(LEAST_SECONDS, min(MOST_SECONDS, self._age.total_seconds() / ROUNDS))

    def run(self) -> None:
        """Clear until `stop`; a store that fails is asked again at the next round, in a minute."""
        pause = self._first
        try:
            while not self._never:
                self._halt.wait(pause)
                pause = self.pause if self._round() else LEAST_SECONDS
        except Halted:
            log.info("retention: stopped")

    def stop(self) -> None:
        """End `run` after the step that is under way."""
        self._halt.raise_flag(HaltReason.SHUTDOWN)

    def _round(self) -> bool:
        """Whether all is cleared, by this process or by another; raises Halted."""
        try:
            self.clear()
        except Halted:
            raise
        except FramewiseError as e:
            log.warning("retention: put off, %s", e)
            return False
        except Exception:
            log.exception("retention: an error while clearing")
            return False
        return True

    def clear(self) -> Cleared | None:
        """One round: what went, None when another process is at it. Raises Halted, LeaseLost or StoreError."""
        if not self._duties.take(DUTY, self._owner, HOLD_SECONDS):
            return None
        self._held_since = self._clock()
        try:
            return self._clear(datetime.now(UTC) - self._age)
        finally:
            self._duties.leave(DUTY, self._owner)

    def _clear(self, before: datetime) -> Cleared:
        went = Cleared()
        for video in clear_each(self._stores, before, checkpoint=self._go_on):
            went += video.what
        if went != Cleared():
            log.info("retention: %s", summary(went, before, dry_run=False))
        return went

    def _go_on(self) -> None:
        """Asked between two steps: raise when the service stops, or when another has taken over."""
        self._halt.check()
        if self._clock() - self._held_since > HOLD_SECONDS / 3:
            asked = self._clock()
            if not self._duties.take(DUTY, self._owner, HOLD_SECONDS):
                raise LeaseLost("another process clears up now")
            self._held_since = asked
