"""Owns what ingest does for one live video: go on where it stood, follow, send what is fresh, set expected."""

import time
from datetime import UTC, datetime

from ingest.halt import Halt, HaltReason
from ingest.job import Workbench
from ingest.journal import Journal
from ingest.live.bench import LiveBench
from ingest.live.ending import begin_again, expected
from ingest.live.following import Following
from ingest.live.freshness import FreshFrames, Limits
from ingest.live.record import EVERY, LiveRecord, every
from ingest.live.sending import Sender
from ingest.live.sources import PlacingSource
from ingest.live.taking import Taking
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import MediaError
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.videos import KeepFrames, Video

DRAIN_SECONDS = 15.0
LOOK_SECONDS = 3.0
PAUSE = 0.1
RESTARTED = "ingest was restarted, or another took over"


class LiveJob:
    """The work on one live video under a lease. Run once; it may be run again by another, and goes on from there."""

    def __init__(self, bench: Workbench, live: LiveBench, video: Video, halt: Halt) -> None:
        self._bench = bench
        self._live = live
        self._video = video
        self._halt = halt
        self._journal = Journal(bench.videos, video.video_id, video.attempt)
        self._record = LiveRecord(self._journal)
        limits = Limits(live.settings.live_fresh_seconds, live.settings.live_buffer_bytes)
        self._fresh = FreshFrames(video.keep, limits)
        self._taking = Taking(video, self._journal, self._record, self._fresh, halt)
        self._whole = False
        self._due, self._look_due = every(EVERY, time.monotonic), every(LOOK_SECONDS, time.monotonic)

    def run(self) -> None:
        """Publish until the stream is over, then set expected; raises FramewiseError, Halted among them."""
        source = self._live.source_of(self._video)
        self._whole = isinstance(source, PlacingSource) and source.whole
        self._begin()
        following = Following(
            self._live, self._bench.settings, self._video, self._taking, self._record, self._halt, self._meanwhile
        )
        self._live.outcomes.follow(self._video.video_id, self._fresh.settle)
        try:
            with Sender(self._fresh, self._live.publisher, self._record, self._halt).running():
                warning = following.follow(source)
                self._drain()
        finally:
            self._live.outcomes.leave(self._video.video_id)
            self._let_go()
        self._end(warning, source.quiet_end)

    def _begin(self) -> None:
        kept = begin_again(self._bench.videos, self._bench.results, self._video)
        known = self._journal.progress
        if known.decode_started_at is None:
            self._journal.note(decode_started_at=_now(), frames_published=kept)
        elif not self._whole:
            self._record.gap_begins(RESTARTED)
        self._journal.note(published_through=max(known.published_through, known.numbered_through))
        self._journal.write()

    def _meanwhile(self) -> None:
        """What is done several times a second; raises Halted or StoreUnavailable."""
        self._halt.check()
        if self._look_due():
            self._look_up()
        if self._due():
            entered = self._record.enter()
            self._record.stands(self._fresh.dropped, self._taking.decoded, self._fresh.lag)
            if entered or self._journal.due:
                self._halt.check()
                self._journal.write()

    def _look_up(self) -> None:
        """Ask the ledger for outcomes that were not heard of."""
        under_way = self._fresh.under_way
        for bucket in {bucket_of(number) for number in under_way}:
            known = self._bench.results.outcomes(self._video.video_id, bucket)
            for number in known.keys() & set(under_way):
                self._fresh.settle(number)

    def _drain(self) -> None:
        """Send what waits still, and wait a while for what is under way."""
        patience = DRAIN_SECONDS if self._video.keep is KeepFrames.NEWEST else self._bench.settings.stall_seconds
        until = time.monotonic() + patience
        while time.monotonic() < until and (self._fresh.waiting or self._fresh.under_way):
            self._meanwhile()
            self._halt.wait(PAUSE)
        while self._record.unacknowledged:
            self._meanwhile()
            self._halt.wait(PAUSE)

    def _let_go(self) -> None:
        """Where numbers are, so that whoever goes on leaves no hole; written while the lease is ours still."""
        left = 0 if self._whole else self._fresh.waiting
        self._record.stands(self._fresh.dropped + left, self._taking.decoded, 0.0)
        self._journal.note(numbered_through=self._taking.numbered_through, connected=False)
        if self._halt.reason is HaltReason.SHUTDOWN:
            self._record.enter()
            self._journal.write()

    def _end(self, warning: str | None, quiet_end: bool) -> None:
        self._record.enter()
        self._record.ends(not quiet_end and warning is not None, warning)
        last = self._journal.progress.last_captured_at
        self._journal.note(duration=self._taking.media_time(last) if last else None, decode_finished_at=_now())
        self._halt.check()
        self._journal.write()
        total, last_number = expected(self._bench.videos, self._bench.results, self._video)
        if total == 0:
            raise MediaError("no frame was taken of the stream: it ended before startTime, or nothing was analysed")
        self._bench.videos.set_expected(self._video.video_id, total, last_number, self._video.attempt)
        complete_if_full(self._bench.videos, self._bench.results, self._video.video_id)


def _now() -> datetime:
    return datetime.now(UTC)
