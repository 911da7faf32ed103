"""A clock that a test turns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T", float, datetime)


@dataclass
class Clock(Generic[T]):
    """Stands still until the test sets `now`."""

    now: T

    def __call__(self) -> T:
        return self.now
