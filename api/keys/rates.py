"""Owns how often a key may ask: a moving window of a minute, in this process."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.caller import Caller
from pipeline.contracts.errors import TooManyRequests


class RequestRates:
    """Counts the requests of each key."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def count(self, caller: Caller) -> None:
        """Count one; raises TooManyRequests when the minute's are used up."""
        if caller.key_id is None or not caller.requests_per_minute:
            return
        limit = RateLimitItemPerMinute(caller.requests_per_minute)
        if self._windows.hit(limit, caller.key_id):
            return
        wait = max(1, math.ceil(self._windows.get_window_stats(limit, caller.key_id).reset_time - time.time()))
        raise TooManyRequests(
            f"this key may ask {caller.requests_per_minute} times a minute; ask again in {wait} s", wait
        )
