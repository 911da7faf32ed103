"""Owns what nobody else finishes: full videos, stalled videos, wrong listings, left-over sources."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from ingest.stalls import Arrival, StallWatch
from pipeline.completion import complete_if_full, missing
from pipeline.contracts.errors import FramewiseError, NotFound, Problem
from pipeline.contracts.videos import FrameRange, Video, VideoStatus
from pipeline.observing import metrics
from pipeline.observing.logs import about
from pipeline.stores.results import ResultStore, count
from pipeline.stores.sources import SourceFolder
from pipeline.stores.videos import Listing, VideoStore

SWEEP_SECONDS = 5.0
SHARE_OF_TIME = 20
NAMED_RANGES = 20
MOST_VIDEOS = 1000
ORPHAN_SECONDS = 3600.0
logger = logging.getLogger(__name__)


class Sweeper:
    """Goes through the open videos every few seconds. Several may run beside each other; each step is idempotent.

    `also` is what others have to do as often.
    """

    def __init__(
        self,
        videos: VideoStore,
        results: ResultStore,
        sources: SourceFolder,
        stall_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        also: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._videos = videos
        self._results = results
        self._sources = sources
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._watch = StallWatch(stall_seconds)
        self._also = tuple(also)
        self._stop = threading.Event()

    def run(self) -> None:
        """Sweep until `stop`; takes at most a twentieth of the time."""
        pause = SWEEP_SECONDS
        while not self._stop.wait(pause):
            began = self._clock()
            try:
                self.sweep()
            except FramewiseError as e:
                logger.warning("sweeping is put off: %s", e)
            except Exception:
                logger.exception("an error while sweeping")
            pause = max(SWEEP_SECONDS, SHARE_OF_TIME * (self._clock() - began))

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def sweep(self) -> None:
        """One round; raises StoreUnavailable."""
        listed = list(islice(self._videos.open_listings(), MOST_VIDEOS))
        arrivals = [a for entry in listed if (a := self._put_right(entry)) is not None]
        for video_id in self._watch.observe(self._clock(), arrivals):
            self._give_up(video_id)
        for video_id in list(self._sources.video_ids()):
            self._tidy(video_id)
        for round_ in self._also:
            round_()

    def _put_right(self, entry: Listing) -> Arrival | None:
        try:
            return self._look_at(entry)
        except NotFound:  # deleted at this moment
            return None

    def _look_at(self, entry: Listing) -> Arrival | None:
        """Put one video right; how it stands if it is processing still.

        An entry comes before its video. One that still has none after an hour is left of a submission that died.
        """
        video_id = entry.video_id
        video = self._videos.get(video_id)
        if video is None:
            if datetime.now(UTC) - entry.at > timedelta(seconds=ORPHAN_SECONDS):
                self._videos.unlist(entry)
            return None
        if video.status.terminal:
            self._videos.repair_listing(video_id)
            return None
        if video.status is not entry.status:
            self._videos.repair_listing(video_id)
        if video.status is not VideoStatus.PROCESSING or complete_if_full(self._videos, self._results, video_id):
            return None
        return self._arrival(video)

    def _arrival(self, video: Video) -> Arrival:
        done = count(self._results, video.video_id).total
        published = video.frames_expected
        if published is None:
            published = self._videos.progress(video.video_id).of_attempt(video.attempt).frames_published
        return Arrival(video.video_id, done, published - done, video.attempt)

    def _give_up(self, video_id: UUID) -> None:
        video = self._videos.get(video_id)
        if video is None:
            return
        self._results.recount(video_id, self._videos.sampled_buckets(video_id))
        if complete_if_full(self._videos, self._results, video_id):
            return
        gaps = missing(self._videos, self._results, video, NAMED_RANGES + 1)
        problem = Problem("frames-missing", "Frames were lost", explain(self._stall_seconds, gaps))
        with suppress(NotFound):
            if self._videos.transition(video_id, VideoStatus.FAILED, problem, video.attempt):
                metrics.failure(problem.type)
                with about(video.request_id, video_id):
                    logger.warning("video %s: given up, %s", video_id, problem.detail)

    def _tidy(self, video_id: UUID) -> None:
        """Remove the source of a video that needs it no more, or that nobody knows: uploads come first, by an hour."""
        video = self._videos.get(video_id)
        if video is None:
            unused = self._sources.age(video_id) > ORPHAN_SECONDS
        else:
            unused = not video.needs_source and self._videos.leaseholder(video_id) is None
        if unused:
            self._sources.remove(video_id)


def explain(seconds: float, gaps: tuple[FrameRange, ...]) -> str:
    """What is missing, for a person: the first ranges by frame number."""
    named = ", ".join(str(g.first) if g.first == g.last else f"{g.first}–{g.last}" for g in gaps[:NAMED_RANGES])
    more = " and more" if len(gaps) > NAMED_RANGES else ""
    return f"no frame arrived for {seconds:g} s; missing frames: {named or 'none that were published'}{more}"
