"""Owns a worker: several videos at the same time, each under a lease in a thread."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from ingest.admission import Admission, put_back
from ingest.claims import WaitingVideos
from ingest.halt import Halt, Halted, HaltReason
from ingest.job import VideoJob, Workbench
from ingest.leases import LeaseKeeper
from ingest.live.job import LiveJob
from ingest.places import Places
from ingest.rerun import RerunJob
from pipeline.contracts.errors import FramewiseError, LeaseLost, NotFound, Problem, StoreError, StoreUnavailable
from pipeline.contracts.videos import Lease, SourceKind, Video, VideoStatus
from pipeline.observing import metrics
from pipeline.observing.logs import about, request_is
from pipeline.observing.tracing import span
from pipeline.shares import equal_shares

POLL_SECONDS = 3.0
PAUSE_AFTER_OUTAGE = 5.0
logger = logging.getLogger(__name__)


class Worker:
    """Claims videos and works on them until it is stopped. `wake` may be called from any thread."""

    def __init__(
        self,
        bench: Workbench,
        owner: str,
        poll_seconds: float = POLL_SECONDS,
        shares: Callable[[], Mapping[str, int]] = equal_shares,
    ) -> None:
        self._bench = bench
        self._owner = owner
        self._poll_seconds = poll_seconds
        slots = bench.settings.videos_per_worker
        self._places = Places(slots)
        self._live_slots = bench.live.settings.streams_per_worker if bench.live else 0
        most = bench.settings.frames_in_flight * slots * 2
        ready = bench.live.ready if bench.live else None
        self._waiting = WaitingVideos(bench.videos, bench.results, most, ready=ready, shares=shares, pace=bench.pace)
        self._running: dict[UUID, tuple[Halt, threading.Thread]] = {}
        self._streams: set[UUID] = set()
        self._not_before: dict[UUID, float] = {}
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False

    def wake(self) -> None:
        """Look for videos now."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def run(self) -> None:
        """Work until `stop`; an outage of the store is waited out."""
        while not self._stopping:
            try:
                self._claim_some()
            except FramewiseError as e:
                logger.warning("cannot look for videos: %s", e)
            except Exception:
                logger.exception("an error while looking for videos")
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._stopping, self._poll_seconds)
                self._woken = False

    def stop(self, seconds: float) -> None:
        """Give every video back, waiting at most `seconds`; others go on where this worker stopped."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            running = list(self._running.values())
        for halt, _ in running:
            halt.raise_flag(HaltReason.SHUTDOWN)
        deadline = time.monotonic() + seconds
        for _, thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _claim_some(self) -> None:
        with self._changed:
            now = time.monotonic()
            self._not_before = {known: at for known, at in self._not_before.items() if at > now}
            busy = {*self._running, *self._not_before}
            free, free_live = self._places.free, self._live_slots - len(self._streams)
            long = self._places.free_for_long
        for video in self._waiting.find(free, busy, free_live, long) if free > 0 or free_live > 0 else ():
            self._claim(video)

    def _claim(self, video: Video) -> None:
        video_id, live = video.video_id, self._bench.live if video.live else None
        asked = time.monotonic()
        seconds = live.settings.live_lease_seconds if live else self._bench.settings.lease_seconds
        lease = self._bench.videos.claim(video_id, self._owner, seconds)
        if lease is None:
            return
        halt = Halt()
        admission = Admission(self._bench.videos, self._places, halt)
        work = (lease, halt, asked, admission)
        thread = threading.Thread(target=self._serve, args=work, name=f"video-{video_id}", daemon=True)
        with self._changed:
            if not self._stopping:
                if live:
                    self._streams.add(video_id)
                else:
                    admission.take(video_id, self._waiting.frames.get(video_id))
                self._running[video_id] = halt, thread
                thread.start()
                return
        self._bench.videos.release(lease)

    def _serve(self, lease: Lease, halt: Halt, claimed_at: float, admission: Admission) -> None:
        keeper = LeaseKeeper(self._bench.videos, lease, halt, claimed_at)
        keeper.start()
        try:
            with about(video_id=lease.video_id):
                self._work(lease, halt, keeper, admission)
        finally:
            keeper.stop()
            self._give_back(lease)
            admission.leave(lease.video_id)
            with self._changed:
                self._running.pop(lease.video_id, None)
                self._streams.discard(lease.video_id)
            self.wake()

    def _work(self, lease: Lease, halt: Halt, keeper: LeaseKeeper, admission: Admission) -> None:
        video_id, video = lease.video_id, None
        try:
            if (video := self._begin(video_id, admission)) is not None:
                keeper.follow(video.attempt)
                request_is(video.request_id)
                logger.info("video %s: working on it (epoch %d)", video_id, lease.epoch)
                with span("ingest", video.traceparent, "consumer", {"framewise.video_id": str(video_id)}):
                    self._job(video, halt, admission).run()
                logger.info("video %s: every frame is published", video_id)
        except (Halted, LeaseLost) as e:
            logger.info("video %s: stopped, %s", video_id, e)
            if video is not None and halt.reason is HaltReason.PUT_BACK:
                self._put_back(video)
        except StoreUnavailable as e:
            logger.warning("video %s: put off, %s", video_id, e)
            self._put_off(video_id)
        except FramewiseError as e:
            self._fail(video_id, video, halt, e.problem)
        except Exception as e:
            logger.exception("video %s: an error in ingest", video_id)
            reason = f"ingest: {type(e).__name__}"
            self._fail(video_id, video, halt, Problem("internal-error", "Something went wrong", reason))
        finally:
            self._clear(video_id)

    def _job(self, video: Video, halt: Halt, admission: Admission) -> VideoJob | LiveJob:
        if video.live and self._bench.live is not None:
            return LiveJob(self._bench, self._bench.live, video, halt)
        kind = RerunJob if video.source is SourceKind.RERUN else VideoJob
        return kind(self._bench, video, halt, partial(admission.learned, video))

    def _begin(self, video_id: UUID, admission: Admission) -> Video | None:
        """The video, processing, or pending still while it is on trial; None when there is nothing to do (any more)."""
        admission.begin(video_id)
        video = self._bench.videos.get(video_id)
        if video is None or video.status.terminal or video.frames_expected is not None:
            return None
        return video

    def _fail(self, video_id: UUID, video: Video | None, halt: Halt, problem: Problem) -> None:
        if halt.is_set:
            return
        logger.info("video %s: failed, %s", video_id, problem.detail)
        metrics.failure(problem.type)
        try:
            self._bench.videos.transition(video_id, VideoStatus.FAILED, problem, video.attempt if video else None)
        except (StoreError, NotFound) as e:
            logger.warning("video %s: %s", video_id, e)

    def _put_back(self, video: Video) -> None:
        try:
            put_back(self._bench.videos, self._bench.sources, video)
        except StoreError as e:
            logger.info("video %s: that it is long is found out once more: %s", video.video_id, e)

    def _put_off(self, video_id: UUID) -> None:
        with self._changed:
            self._not_before[video_id] = time.monotonic() + PAUSE_AFTER_OUTAGE

    def _clear(self, video_id: UUID) -> None:
        """Remove the source if nobody needs it any more; the sweeper removes what this misses."""
        try:
            video = self._bench.videos.get(video_id)
        except StoreError:
            return
        if video is None or not video.needs_source:
            self._bench.sources.remove(video_id)

    def _give_back(self, lease: Lease) -> None:
        try:
            self._bench.videos.release(lease)
        except StoreError as e:
            logger.info("video %s: its lease runs out by itself: %s", lease.video_id, e)
