"""Owns what each API key may have of the service beside others: its share, read again after seconds."""

import threading
import time
from collections.abc import Callable, Mapping

from pipeline.stores.keys import KeyStore

FRESH_SECONDS = 5.0


class Shares:
    """The shares of the keys that have another one than 1. Safe for threads; raises StoreUnavailable."""

    def __init__(self, keys: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[float, Mapping[str, int]] | None = None

    def __call__(self) -> Mapping[str, int]:
        """By key id, read at most so many seconds ago; one thread reads, others wait for it."""
        asked = self._clock()
        with self._lock:
            if self._read is None or self._read[0] + FRESH_SECONDS <= asked:
                self._read = asked, {key.key_id: key.share for key in self._keys.all() if key.share not in (None, 1)}
            return self._read[1]


def equal_shares() -> Mapping[str, int]:
    """Where no key has another share than the rest."""
    return {}
