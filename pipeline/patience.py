"""Owns waiting for what comes back by itself: a server that does not answer, a disk that is full."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.contracts.errors import DiskFull, StoreUnavailable
from pipeline.observing import metrics

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0

T = TypeVar("T")
log = logging.getLogger(__name__)


def patiently(action: Callable[[], T], seconds: float) -> T:
    """Do it, and again with growing pauses while a server is away or a disk is full; it must bear being repeated.

    Raises StoreUnavailable or DiskFull once `seconds` have gone by.
    """
    until = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while True:
        try:
            return action()
        except (StoreUnavailable, DiskFull) as e:
            if time.monotonic() > until:
                raise
            metrics.retry(e.type)
            log.warning("%s; trying again in %.1f s", e, pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
