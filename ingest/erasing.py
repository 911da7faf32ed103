"""Owns the erasures that were asked for: each is looked at when it is due, by one process at a time."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from uuid import UUID

from ingest.halt import Halt, Halted, HaltReason
from pipeline.contracts.erasures import Erasure
from pipeline.contracts.errors import FramewiseError, LeaseLost
from pipeline.erasing.expiring import expire
from pipeline.erasing.round import look
from pipeline.erasing.stores import PersonalStores
from pipeline.stores.duties import DutyStore

DUTY = "erasing"
HOLD_SECONDS = 60
PAUSE_SECONDS = 2.0
PUT_OFF_SECONDS = 5.0
EXPIRE_SECONDS = 300.0
AT_ONCE, MOST_DUE = 20, 500

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Eraser:
    """Does what erasures owe, until `stop`. What a round that was cut off has left is done by the next."""

    def __init__(
        self,
        stores: PersonalStores,
        duties: DutyStore,
        owner: str,
        thresholds: Mapping[str, float] | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """`thresholds` are those of embedding models, by digest."""
        self._thresholds = thresholds or {}
        self._stores = stores
        self._duties = duties
        self._owner = owner
        self._clock = clock
        self._held_since = self._expires_at = 0.0
        self._looked: dict[UUID, datetime] = {}
        self._halt = Halt()

    def run(self) -> None:
        """Look every two seconds; a store that fails is asked again a little later."""
        try:
            while True:
                self._halt.wait(PAUSE_SECONDS if self._round() else PUT_OFF_SECONDS)
        except Halted:
            log.info("erasing: stopped")

    def stop(self) -> None:
        """End `run` after the step that is under way."""
        self._halt.raise_flag(HaltReason.SHUTDOWN)

    def _round(self) -> bool:
        """Whether all that is due is done, by this process or by another; raises Halted."""
        try:
            self.sweep()
        except Halted:
            raise
        except FramewiseError as e:
            log.warning("erasing: put off, %s", e)
            return False
        except Exception:
            log.exception("erasing: an error")
            return False
        return True

    def sweep(self) -> None:
        """Do what is due, each for itself. Raises Halted, LeaseLost or StoreError, once all else is done."""
        expires = time.monotonic() >= self._expires_at
        if not (expires or self._due()) or not self._duties.take(DUTY, self._owner, HOLD_SECONDS):
            return
        self._held_since = time.monotonic()
        try:
            due = [partial(self._look, erasure) for erasure in self._due()]
            _each([*due, self._expire] if expires else due)
        finally:
            self._duties.leave(DUTY, self._owner)

    def _due(self) -> list[Erasure]:
        """Overdue rounds are not done in one go: workers may have frames in hand between two of them."""
        now = self._clock()
        found = self._stores.erasures.due(now, MOST_DUE)
        rested = (e for e in found if e.erasure_id not in self._looked or now - self._looked[e.erasure_id] >= e.pause)
        return list(islice(rested, AT_ONCE))

    def _look(self, before: Erasure) -> None:
        """One round of an erasure."""
        self._go_on()
        after = look(self._stores, before, self._go_on)
        self._stores.erasures.looked(before, after)
        self._looked[after.erasure_id] = self._clock()
        if after.due_at is None:
            del self._looked[after.erasure_id]
        log.info("erasure %s: round %d, %s", after.erasure_id, after.rounds, after.state)

    def _expire(self) -> None:
        """Begin with the people whose time in their collection is over."""
        begun = expire(self._stores.people, self._stores.erasures, self._clock(), self._thresholds)
        self._expires_at = time.monotonic() + EXPIRE_SECONDS
        if begun:
            log.info("erasing: the retention of %d people is over", len(begun))

    def _go_on(self) -> None:
        """Asked between two steps: raise when the service stops, or when another has taken over."""
        self._halt.check()
        if time.monotonic() - self._held_since > HOLD_SECONDS / 3:
            asked = time.monotonic()
            if not self._duties.take(DUTY, self._owner, HOLD_SECONDS):
                raise LeaseLost("another process erases now")
            self._held_since = asked


def _each(steps: Iterable[Callable[[], None]]) -> None:
    """Do all; raises what one has raised at the end: what fails again and again must not keep others waiting."""
    wrong: Exception | None = None
    for step in steps:
        try:
            step()
        except (Halted, LeaseLost):
            raise
        except FramewiseError as error:
            log.warning("erasing: one thing is put off, %s", error)
            wrong = error
        except Exception as error:
            log.exception("erasing: an error")
            wrong = error
    if wrong is not None:
        raise wrong
