"""Owns how often and how long the client tries again when the service says that it cannot now."""

import time
from collections.abc import Callable
from dataclasses import dataclass

RETRIED = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `tries` requests, `seconds` of waiting in all; the service's `Retry-After` goes before our own pauses."""

    tries: int = 5
    seconds: float = 60.0
    first_pause: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def pause(self, tried: int, waited: float, asked: float | None) -> float | None:
        """The seconds to wait after the given number of tries, None to give up. Answers without a time double it."""
        if tried >= self.tries:
            return None
        pause = asked if asked is not None else self.first_pause * 2 ** (tried - 1)
        return pause if waited + pause <= self.seconds else None
