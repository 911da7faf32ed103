"""Owns holding a lease while work goes on, and noticing that it, or the video, has ended."""

import logging
import threading
import time
from collections.abc import Callable

from ingest.halt import Halt, HaltReason
from pipeline.contracts.errors import StoreError
from pipeline.contracts.videos import Lease
from pipeline.stores.videos import VideoStore

WATCH_SECONDS = 1.0
MARGIN = 0.2
logger = logging.getLogger(__name__)


class LeaseKeeper:
    """A thread that renews a lease every third of its length and asks each second whether the video still runs.

    Raises the halt's flag with LEASE_LOST when the lease is in other hands or could not be renewed until a fifth
    of its length before it runs out, and with ENDED when the video has ended. `claimed_at` is the monotonic time
    from before the claim was asked for: the lease cannot run out earlier than counted from there.
    """

    def __init__(
        self,
        videos: VideoStore,
        lease: Lease,
        halt: Halt,
        claimed_at: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._videos = videos
        self._lease = lease
        self._halt = halt
        self._clock = clock
        self._held_from = claimed_at
        halt.bind(self.held)
        self._attempt: int | None = None
        self._done = threading.Event()
        self._watch = min(WATCH_SECONDS, lease.seconds / 6)
        name = f"lease-{lease.video_id}"
        self._threads = (
            threading.Thread(target=self._keep, args=(self.renew_if_due,), name=name, daemon=True),
            threading.Thread(target=self._keep, args=(self.watch,), name=f"{name}-watch", daemon=True),
            threading.Thread(target=self._keep, args=(self.expire,), name=f"{name}-expiry", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def follow(self, attempt: int) -> None:
        """The work is for this attempt: another one ends it."""
        self._attempt = attempt

    def stop(self) -> None:
        """End; the lease is not given back. A request under way ends by itself."""
        self._done.set()

    def _keep(self, step: Callable[[], None]) -> None:
        while not self._done.wait(self._watch) and not self._halt.is_set:
            try:
                step()
            except StoreError as e:
                logger.warning("video %s: %s", self._lease.video_id, e)

    def expire(self) -> None:
        """Stop the work before the lease runs out; asks no server, so that none can hold it up."""
        if not self.held():
            self._halt.raise_flag(HaltReason.LEASE_LOST)

    def held(self) -> bool:
        """Whether the lease is sure to be ours; asks no server."""
        return self._clock() - self._held_from <= self._lease.seconds * (1 - MARGIN)

    def renew_if_due(self) -> None:
        """Renew when a third of the lease has gone by; raises StoreError."""
        asked = self._clock()
        if asked - self._held_from < self._lease.seconds / 3:
            return
        if self._videos.renew(self._lease):
            self._held_from = asked
        else:
            self._halt.raise_flag(HaltReason.LEASE_LOST)

    def watch(self) -> None:
        """Stop the work when the video has ended, is gone or is tried anew; raises StoreError."""
        video = self._videos.get(self._lease.video_id)
        if video is None or video.status.terminal or self._attempt not in (None, video.attempt):
            self._halt.raise_flag(HaltReason.ENDED)
