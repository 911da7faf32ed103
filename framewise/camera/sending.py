"""Owns the thread that sends what waits, through any outage of the broker."""

import threading
import time
from collections.abc import Callable

from framewise.answers import Camera
from framewise.camera.announcing import Announcement, Note
from framewise.camera.outbox import Outbox, Picture
from framewise.camera.pacing import Pauses
from framewise.camera.publisher import BrokerAway, Publisher
from framewise.errors import FramewiseError

LISTEN = 0.2
LAST_SECONDS = 8.0
"""So long after the end it is tried to send what waits still, and the end."""
NOTE_EVERY = 10.0


class Sender:
    """Sends from an outbox until that is closed and empty. `stopped` says why it gave up, if it did."""

    def __init__(
        self, outbox: Outbox, announcement: Announcement, connect: Callable[[Camera], Publisher], note: Note
    ) -> None:
        self._outbox = outbox
        self._announcement = announcement
        self._connect = connect
        self._note = note
        self._deadline: float | None = None
        self._noted_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="camera-sender", daemon=True)
        self.stopped: FramewiseError | None = None
        self.sent = 0
        """Pictures that the broker keeps."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def finish(self) -> None:
        """Close the outbox, and wait a bounded time for the rest."""
        self._deadline = time.monotonic() + LAST_SECONDS
        self._outbox.close()
        self._thread.join(2 * LAST_SECONDS)

    def _run(self) -> None:
        pauses = Pauses()
        try:
            while not self._done():
                try:
                    self._one_video(pauses)
                except BrokerAway as e:
                    self._say(f"{e}; the newest pictures wait")
                    time.sleep(min(pauses.next(), self._left()))
        except FramewiseError as e:
            self.stopped = e

    def _done(self) -> bool:
        return self._left() <= 0

    def _left(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def _one_video(self, pauses: Pauses) -> None:
        """Send to one video until it changes, the outbox is over, or the time is."""
        camera = self._announcement.current()
        publisher = self._connect(camera)
        try:
            while not self._done() and not self._outbox.over and self._announcement.current() is camera:
                if (picture := self._outbox.take(LISTEN)) is not None:
                    self._put(publisher, picture)
                    pauses.reset()
            if self._outbox.over:
                publisher.end()
                self._deadline = 0.0
        finally:
            publisher.close()

    def _put(self, publisher: Publisher, picture: Picture) -> None:
        def acknowledged(error: Exception | None) -> None:
            if error is None:
                self.sent += 1
            else:
                self._say(f"the broker does not take pictures ({error}); the newest wait")
                self._outbox.put_back(picture)

        try:
            publisher.put(picture, acknowledged)
        except BrokerAway:
            self._outbox.put_back(picture)
            raise

    def _say(self, text: str) -> None:
        if time.monotonic() - self._noted_at >= NOTE_EVERY:
            self._noted_at = time.monotonic()
            self._note(text)
