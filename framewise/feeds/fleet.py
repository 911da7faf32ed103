"""Owns many feeds at once: each is submitted, asked about and submitted again, a few of them at any moment."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from framewise.answers import Video
from framewise.client import Client
from framewise.errors import Busy, FramewiseError, Refused, Unreachable
from framewise.feeds.cameras import Cameras
from framewise.feeds.file import Feed
from framewise.feeds.submitting import Sending

AT_ONCE = 4
PAUSE_SECONDS = 1.0
"""Between two questions about the same feed."""
ANSWER_SECONDS = 30.0
"""So long what has been asked is waited for before it is cancelled: a file may be on its way."""
AWAY_SECONDS = 600.0
"""A service that does not answer for so long is not waited for."""


@dataclass
class Running:
    """A feed and what is known of it. `trouble` says what keeps it from going on; `over` that nothing more comes."""

    feed: Feed
    key: Callable[[int], str]
    video: Video | None = None
    turn: int = 1
    done: int = 0
    trouble: str = ""
    over: bool = False
    away_since: float | None = None
    asked_at: float = 0.0
    asking: Future[None] | None = field(default=None, repr=False)

    @property
    def frames(self) -> int:
        """Frames with an outcome, those of earlier rounds included."""
        return self.done + (self.video.frames.done + self.video.frames.failed if self.video else 0)

    @property
    def well(self) -> bool:
        """Whether it has ended as it should."""
        return self.over and not self.trouble and self.video is not None and self.video.status == "completed"


class Fleet:
    """The feeds of one file. Bounded: four are sent and four asked about at a time, each once a second.

    Those that are sent, or wait for a place in the queue, are in nobody's way who is asked about.
    """

    def __init__(self, client: Client, running: Iterable[Running], sending: Sending | None = None) -> None:
        self.running = list(running)
        self._client = client
        self._sending = sending or Sending(Cameras(None))
        self._senders = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        self._askers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask")
        self._stopped = threading.Event()

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return all(one.over for one in self.running)

    def turn(self) -> None:
        """Have every feed that is due asked about; returns at once."""
        now = time.monotonic()
        for one in self.running:
            if not one.over and (one.asking is None or one.asking.done()) and now - one.asked_at >= PAUSE_SECONDS:
                one.asked_at = now
                pool = self._senders if one.video is None else self._askers
                one.asking = pool.submit(self._step, one)

    def close(self) -> None:
        """Ask no more; what the service has goes on."""
        self._stopped.set()
        for pool in (self._senders, self._askers):
            pool.shutdown(wait=False, cancel_futures=True)
        self._sending.close()

    def cancel(self) -> list[str]:
        """Have every feed that has not ended cancelled; the ids of those of which the service did not say so."""
        self.close()
        wait([one.asking for one in self.running if one.asking is not None], ANSWER_SECONDS)
        left = [one for one in self.running if not one.over and one.video is not None]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [one.feed.id for one, said in zip(left, pool.map(self._cancelled, left), strict=True) if not said]

    def _cancelled(self, one: Running) -> bool:
        assert one.video is not None
        try:
            one.video = self._client.cancel(one.video.video_id)
        except FramewiseError:
            return False
        return True

    def _step(self, one: Running) -> None:
        try:
            self._ask(one)
            one.trouble, one.away_since = "", None
        except (Busy, Unreachable) as e:
            self._away(one, e)
        except (Refused, FramewiseError, OSError, ValueError) as e:
            one.trouble, one.over = _in_words(e), True

    def _ask(self, one: Running) -> None:
        if one.video is None:
            one.video = self._sending.submit(self._client, one.feed, one.key(one.turn))
        else:
            one.video = self._client.video(one.video.video_id)
        if not one.video.ended and (trouble := self._sending.trouble(one.feed)):
            raise FramewiseError(trouble)
        if not one.video.ended or self._stopped.is_set():
            return
        if one.video.status == "completed" and (one.feed.rounds is None or one.turn < one.feed.rounds):
            one.done, one.turn, one.video = one.frames, one.turn + 1, None
            return
        one.over = True

    def _away(self, one: Running, error: FramewiseError) -> None:
        one.trouble = _in_words(error)
        one.away_since = one.away_since or time.monotonic()
        one.over = time.monotonic() - one.away_since > AWAY_SECONDS


def _in_words(error: Exception) -> str:
    if isinstance(error, Refused) and error.problem.errors:
        return "; ".join(f"{wrong.pointer}: {wrong.detail}" for wrong in error.problem.errors)
    return str(error).splitlines()[0] if str(error) else type(error).__name__
