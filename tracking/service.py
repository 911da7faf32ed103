"""Owns which video is tracked when: live ones as they run, files when they have ended, each by one process."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import FramewiseError, LeaseLost, StoreUnavailable
from pipeline.contracts.frames import MAX_FRAME_NUMBER, bucket_of
from pipeline.contracts.tracks import FOLLOWED
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.frontier import Frontier
from pipeline.observing.logs import about
from pipeline.stores.tracks import Owed
from pipeline.stores.videos import still_open
from tracking.course import Course, Stores, bucket_end
from tracking.put_off import PutOff

ROUND_SECONDS, PAUSES = 1.0, 4
"""Between two looks at what is owed: a second, or four times as long as the look has taken."""
IDLE_SECONDS = 120.0
MOST_OWED, AT_ONCE = 20_000, 1000
"""So many videos are known as owed, and so many of them are looked at in a round: who is not in hand takes turns."""
MOST_FILES = 4
"""Files whose tracks are made at once, a bucket of each in turn, so that a film holds nobody up for long."""
DUTY_SECONDS, RENEW_SECONDS = 20, 5.0
SETTLE_SECONDS = 2.0
"""For so long what was being written when a video was cancelled, or had failed, may still come."""
STRAGGLER_SECONDS = 10.0
"""So long live tracks wait for a frame whose outcome does not come, though those of later ones have."""
ORPHAN_SECONDS = 3600.0
"""A video is listed before it is kept; one that is still not there after so long is left of a submission that died."""

logger = logging.getLogger(__name__)


class Duties(Protocol):
    """Who does what only one process should do at a time."""

    def take(self, name: str, owner: str, seconds: int) -> bool:
        """Take a duty that nobody has, or hold it on; whether it is the owner's for so many seconds from now."""

    def leave(self, name: str, owner: str) -> None:
        """Give a duty back."""


@dataclass
class _Work:
    """A video in hand: its course, and since when the frontier of a live one stands still."""

    live: bool
    course: Course
    frontier: Frontier
    renewed_at: float
    frame_to: int = 0
    moved_at: float = field(default_factory=time.monotonic)
    caught_up: bool = False
    counted: int = -1
    """The last bucket whose rows are known to be counted."""


class TrackingService:
    """Goes through the videos whose tracks are owed. Several processes share them out by duties.

    A crash loses nothing: a video stays listed until all of its tracks are kept, and whoever goes on makes them anew.
    """

    def __init__(
        self,
        stores: Stores,
        duties: Duties,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
        straggler_seconds: float = STRAGGLER_SECONDS,
    ) -> None:
        self._stores = stores
        self._duties = duties
        self._owner = owner
        self._clock = clock
        self._straggler_seconds = straggler_seconds
        self._works: dict[UUID, _Work] = {}
        self._put_off = PutOff(clock)
        self._running: set[UUID] = set()
        self._turned = 0
        self._stop = threading.Event()
        self._needed_at = clock()

    def run(self) -> None:
        """Work until `stop`, or until nothing was owed for a while."""
        pause, self._needed_at = 0.0, self._clock()
        while not self._stop.wait(pause) and self._clock() - self._needed_at < IDLE_SECONDS:
            began, busy = self._clock(), False
            try:
                busy = self.round()
            except FramewiseError as e:
                logger.warning("tracking is put off: %s", e)
            except Exception:
                logger.exception("an error while tracking")
            pause = 0.0 if busy else max(ROUND_SECONDS, PAUSES * (self._clock() - began))
        self._leave()

    def stop(self) -> None:
        """End `run` after the bucket in hand."""
        self._stop.set()

    def round(self) -> bool:
        """Look at the listed videos; whether there is more to do at once. Raises StoreError."""
        owed = self._stores.tracks.owed(MOST_OWED)
        if owed:
            self._needed_at = self._clock()
        listed = {one.video_id for one in owed}
        self._put_off.keep(listed)
        for gone in set(self._works) - listed:
            self._drop(gone)
        self._running = still_open(self._stores.videos, self._running & listed, MOST_OWED)
        busy = False
        for one in self._in_turn(owed):
            if self._stop.is_set():
                return False
            busy |= self._try(one)
        return busy

    def _in_turn(self, owed: Sequence[Owed]) -> list[Owed]:
        """Those in hand, and as many of the others as a round can look at, from where the last one stopped."""
        in_hand = [one for one in owed if one.video_id in self._works]
        others = [one for one in owed if one.video_id not in self._works and one.video_id not in self._running]
        first = self._turned % len(others) if len(others) > AT_ONCE else 0
        self._turned = first + AT_ONCE
        return [*in_hand, *(others[first:] + others[:first])[:AT_ONCE]]

    def _try(self, owed: Owed) -> bool:
        """Look at a video. What goes wrong in the middle of a course leaves it in between: it is begun anew, later."""
        if owed.video_id in self._put_off:
            return False
        try:
            busy = self._look(owed)
        except LeaseLost:
            self._works.pop(owed.video_id, None)
        except Exception as e:
            self._works.pop(owed.video_id, None)
            seconds = self._put_off.add(owed.video_id)
            if isinstance(e, StoreUnavailable):
                raise
            logger.exception("the tracks of video %s are put off for %.0f s", owed.video_id, seconds)
        else:
            if (work := self._works.get(owed.video_id)) is not None and work.caught_up:
                self._put_off.forget(owed.video_id)
            return busy
        return False

    def _look(self, owed: Owed) -> bool:
        video = self._stores.videos.get(owed.video_id)
        if video is None or not any(task.name in FOLLOWED for task in video.tasks):
            self._give_up(owed, video)
            return False
        if not (video.live or _settled(video)):
            self._drop(video.video_id)
            if not video.status.terminal:
                self._running.add(video.video_id)
            return False
        work = self._taken(video)
        if work is None:
            return False
        with about(video.request_id, video.video_id):
            if not _settled(video):
                return self._go_on(video, work)
            return self._finish(owed, video, work)

    def _give_up(self, owed: Owed, video: Video | None) -> None:
        """Nothing is to be followed; a video that is not there may still come."""
        self._drop(owed.video_id)
        if video is not None or time.time() - owed.mark / 1e6 > ORPHAN_SECONDS:
            self._stores.tracks.settle(owed)

    def _taken(self, video: Video) -> _Work | None:
        """The work on a video, if it is ours; begun anew in another attempt, and where frames were left out."""
        work, now = self._works.get(video.video_id), self._clock()
        if work is None and not video.live and sum(not known.live for known in self._works.values()) >= MOST_FILES:
            return None
        if (work is None or now - work.renewed_at > RENEW_SECONDS) and not self._take(video.video_id):
            self._works.pop(video.video_id, None)
            return None
        again = work is not None and (
            work.course.attempt != video.attempt or (work.course.skipped and video.status.terminal)
        )
        if work is None or again:
            work = self._works[video.video_id] = self._begun(video, now)
        work.renewed_at = now
        return work

    def _begun(self, video: Video, now: float) -> _Work:
        frontier = Frontier(self._stores.videos, self._stores.results, video.video_id)
        course = Course(self._stores, video, alive=partial(self._hold_on, video.video_id))
        return _Work(video.live, course, frontier, now, moved_at=now)

    def _hold_on(self, video_id: UUID) -> None:
        """Hold a video's duty while a bucket takes long. Raises LeaseLost."""
        work, now = self._works.get(video_id), self._clock()
        if work is None or now - work.renewed_at <= RENEW_SECONDS:
            return
        if not self._take(video_id):
            raise LeaseLost(f"another process makes the tracks of video {video_id}")
        work.renewed_at = now

    def _go_on(self, video: Video, work: _Work) -> bool:
        """Follow a live video as far as it is known, a bucket at a time."""
        frame_to = self._known_to(video, work)
        if frame_to <= work.course.read_to and work.caught_up:
            return False
        bucket = bucket_of(work.course.read_to + 1)
        step_to = min(frame_to, bucket_end(bucket))
        self._count(video.video_id, bucket, work)
        work.course.go_on(step_to)
        work.caught_up = work.caught_up or step_to >= frame_to
        if work.caught_up:
            work.course.catch_up()
        return step_to < frame_to

    def _count(self, video_id: UUID, bucket: int, work: _Work) -> None:
        """Rows are read of buckets that are counted, and live outcomes are counted a little after they are entered."""
        if bucket == work.counted:
            return
        if any(summary.bucket == bucket for summary in self._stores.results.summaries(video_id)):
            work.counted = bucket
        else:
            self._stores.results.recount(video_id, [bucket])

    def _known_to(self, video: Video, work: _Work) -> int:
        """Up to which frame no row will come; or, after a while without any progress, up to the newest outcome."""
        frame_to, now = work.frontier.advance(video), self._clock()
        if frame_to > work.frame_to:
            work.frame_to, work.moved_at = frame_to, now
        elif now - work.moved_at > self._straggler_seconds:
            newest = self._newest(video.video_id)
            work.moved_at = now
            if newest > max(frame_to, work.course.read_to):
                logger.info("video %s: live tracks go on without frame %d", video.video_id, frame_to + 1)
                work.course.skipped = True
                return newest
        return max(frame_to, work.course.read_to)

    def _newest(self, video_id: UUID) -> int:
        summaries = self._stores.results.summaries(video_id)
        return max(self._stores.results.outcomes(video_id, summaries[-1].bucket), default=0) if summaries else 0

    def _finish(self, owed: Owed, video: Video, work: _Work) -> bool:
        """Make what is missing of an ended video's tracks, a bucket at a time; the last one settles it."""
        left = [
            summary.bucket
            for summary in self._stores.results.summaries(video.video_id)
            if bucket_end(summary.bucket) > work.course.read_to
        ]
        if left:
            work.course.go_on(bucket_end(left[0]))
        if len(left) > 1:
            return True
        work.course.go_on(MAX_FRAME_NUMBER)
        work.course.finish()
        self._stores.tracks.settle(owed)
        self._drop(video.video_id)
        logger.info("video %s: its tracks are made", video.video_id)
        return False

    def _take(self, video_id: UUID) -> bool:
        return self._duties.take(_duty(video_id), self._owner, DUTY_SECONDS)

    def _drop(self, video_id: UUID) -> None:
        if self._works.pop(video_id, None) is not None:
            self._duties.leave(_duty(video_id), self._owner)

    def _leave(self) -> None:
        """Give back what is in hand, so that another process goes on at once."""
        try:
            for video_id in list(self._works):
                self._drop(video_id)
        except FramewiseError as e:
            logger.warning("what was in hand is given back only when it runs out: %s", e)


def _duty(video_id: UUID) -> str:
    return f"tracks {video_id}"


def _settled(video: Video) -> bool:
    """Whether a video has ended, and what was being written then is there."""
    if video.status is VideoStatus.COMPLETED or video.finished_at is None:
        return video.status.terminal
    return (datetime.now(UTC) - video.finished_at).total_seconds() > SETTLE_SECONDS
