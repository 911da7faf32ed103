"""Owns sending what is in the spool until the far end has confirmed it: some at a time, and again after a pause."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Literal

from connectors.edge.agent.spool import Spool
from connectors.edge.agent.underway import UnderWay
from connectors.edge.messages import Message, decode_stored
from connectors.edge.passing import Answer, Outlet, Receipt
from pipeline.contracts.errors import RecordInvalid

TICK = 0.1

Confirm = Literal["stored", "broker"]
"""What proves that a crop is safe: the message of the far end that it is stored, or the broker's own receipt."""

logger = logging.getLogger(__name__)


class Sender:
    """Sends from the spool; `confirmed` takes the far end's messages. Safe for several threads."""

    def __init__(self, spool: Spool, confirm: Confirm, clock: Callable[[], float] = time.monotonic) -> None:
        self._spool, self._confirm, self._clock = spool, confirm, clock
        self._lock = threading.Lock()
        self._under_way = UnderWay()
        self._heard = True
        self.confirmed_crops = 0

    def run(self, outlet: Outlet, halt: threading.Event) -> None:
        """Send until `halt` is set."""
        while not halt.wait(TICK):
            self.tick(outlet)

    def tick(self, outlet: Outlet) -> None:
        """Send what is due."""
        ids = self._spool.ids()
        with self._lock:
            chosen = self._under_way.next(ids, self._clock())
        for crop_id in chosen:
            message = self._spool.read(crop_id)
            if message is not None:
                outlet.send(message, partial(self._answered, crop_id))

    def confirmed(self, message: Message, receipt: Receipt) -> bool:
        """The far end says which crops are stored; see `Handler`."""
        try:
            self._done(decode_stored(message.payload))
        except RecordInvalid as e:
            logger.warning("a message on %s is no confirmation: %s", message.topic, e)
        receipt.give()
        return True

    def _answered(self, crop_id: str, answer: Answer) -> None:
        self._say(answer)
        if answer is Answer.TAKEN and self._confirm == "broker":
            return self._done((crop_id,))
        with self._lock:
            self._under_way.answered(crop_id, self._clock(), heard=answer is Answer.TAKEN)
        return None

    def _done(self, crop_ids: tuple[str, ...]) -> None:
        self.confirmed_crops += self._spool.remove(crop_ids)
        with self._lock:
            self._under_way.confirmed(crop_ids, self._clock())

    def _say(self, answer: Answer) -> None:
        """Log a trouble when it begins, and its end."""
        heard = answer is Answer.TAKEN
        if heard != self._heard:
            self._heard = heard
            text = (
                "somebody listens to the crops again" if heard else "the broker does not take crops: %s; trying again"
            )
            logger.warning(text, *(() if heard else (answer.value,)))
