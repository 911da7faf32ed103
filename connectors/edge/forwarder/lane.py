"""Owns one way through the forwarder: what comes by a route is sent on, and confirmed once the other side has it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors.edge.forwarder.settings import Route
from connectors.edge.messages import Message
from connectors.edge.passing import Answer, Outlet, Receipt

MOST = 128
"""Messages, about, that may be unconfirmed before no more are taken."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Pending:
    message: Message
    receipt: Receipt


class Lane:
    """Sends on; safe for threads. While the other side does not take them it is asked with one message now and then."""

    def __init__(
        self, route: Route, outlet: Outlet, await_listener: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.passed = 0
        self._route, self._outlet, self._await_listener, self._clock = route, outlet, await_listener, clock
        self._lock = threading.Lock()
        self._pending: list[_Pending] = []
        self._held: deque[_Pending] = deque()
        self._asked = False
        self._pause = FIRST_PAUSE
        self._ask_at = 0.0

    @property
    def waiting(self) -> int:
        """Messages that are not confirmed."""
        return len(self._pending)

    def has_room(self) -> bool:
        """See Inlet."""
        return len(self._pending) < MOST

    def take(self, message: Message, receipt: Receipt) -> None:
        """See Handler."""
        pending = _Pending(message, receipt)
        with self._lock:
            if (known := self._known(message)) is not None:
                known.receipt = receipt
                return
            self._pending.append(pending)
            if self._held:
                self._held.append(pending)
                return
        self._send(pending)

    def ask(self) -> None:
        """Try again with one of those that were not taken, when its time has come; call it now and then."""
        with self._lock:
            if not self._held or self._asked or self._clock() < self._ask_at:
                return
            self._asked, pending = True, self._held[0]
        self._send(pending)

    def _known(self, message: Message) -> _Pending | None:
        """The same message as it came by a connection that has ended."""
        return next((p for p in self._pending if not p.receipt.good and p.message == message), None)

    def _send(self, pending: _Pending) -> None:
        renamed = replace(pending.message, topic=self._route.topic(pending.message.topic))
        self._outlet.send(renamed, lambda answer: self._answered(pending, answer))

    def _answered(self, pending: _Pending, answer: Answer) -> None:
        if answer is Answer.TAKEN or (answer is Answer.NOBODY and not self._await_listener):
            self._taken(pending)
        else:
            self._not_taken(pending, answer)

    def _taken(self, pending: _Pending) -> None:
        with self._lock:
            self._pending.remove(pending)
            self.passed += 1
            freed = [held for held in self._held if held is not pending]
            self._held.clear()
            self._asked, self._pause = False, FIRST_PAUSE
        pending.receipt.give()
        if freed:
            logger.info("%s: messages are taken again; %d that waited go on", self._route, len(freed))
        for held in freed:
            self._send(held)

    def _not_taken(self, pending: _Pending, answer: Answer) -> None:
        with self._lock:
            first = not self._held
            if pending not in self._held:
                self._held.append(pending)
            if first or self._asked:
                self._asked, self._ask_at = False, self._clock() + self._pause
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if first:
            logger.warning("%s: %s at the other broker; messages wait at this one", self._route, answer.value)
