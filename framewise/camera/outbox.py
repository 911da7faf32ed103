"""Owns pictures that wait to be sent: a bounded number, of which the newest win."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

MOST_WAITING = 32


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, when it was captured (UTC), and an id that is unique within the video."""

    captured_at: datetime
    capture_id: str
    jpeg: bytes = field(repr=False)


class Outbox:
    """Holds pictures from one thread for another; nobody waits to put one in."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Picture] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0
        """Pictures that went for newer ones."""

    def put(self, picture: Picture) -> None:
        """A new picture; the oldest goes if there is no room."""
        with self._changed:
            self._waiting.append(picture)
            if len(self._waiting) > self._most:
                self._waiting.popleft()
                self.dropped += 1
            self._changed.notify_all()

    def put_back(self, picture: Picture) -> None:
        """A picture that could not be sent: it is the next one again, unless newer ones take the room."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self.dropped += 1
            else:
                self._waiting.appendleft(picture)
            self._changed.notify_all()

    def take(self, seconds: float) -> Picture | None:
        """The next picture, waited for at most so long; at once None when it is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closed, seconds)
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """No picture is added any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._waiting)
