"""Owns what ingest does for one live video: connect, number, date, send what is fresh, connect again, set expected."""

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ingest.decode.messages import Decoded, DecodeRequest, Message, Probe, SampledFrame
from ingest.decode.process import request_of
from ingest.halt import Halt, HaltReason
from ingest.job import Workbench, frame_of
from ingest.journal import Journal
from ingest.live.backoff import LONGEST_SECONDS, Backoff
from ingest.live.bench import LiveBench
from ingest.live.clock import CaptureClock
from ingest.live.ending import begin_again, expected
from ingest.live.freshness import FreshFrames, Limits
from ingest.live.numbers import FrameNumbers
from ingest.live.record import EVERY, LiveRecord, every
from ingest.live.sending import Sender
from ingest.live.sources import LiveSource, StreamOver
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import FramewiseError, MediaError, SourceError, SourceRefused, SourceUnreachable
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.videos import KeepFrames, Video

LONGEST = 3650 * 86_400.0
DRAIN_SECONDS = 15.0
LOOK_SECONDS = 3.0
BEHIND_SECONDS = 2.0
SOON = 1.0
TRIES = 3
PAUSE = 0.1
RESTARTED = "ingest was restarted, or another took over"
TOO_SLOW = "this machine decodes more slowly than the source sends: take fewer frames, or a smaller picture"
logger = logging.getLogger(__name__)


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
        known = self._journal.progress
        self._numbers = FrameNumbers(known.numbered_through, video.sampling.frame_step or 1, self._reserve)
        self._clock = CaptureClock(known.last_captured_at)
        self._decoded = self._unreadable = 0
        self._heard_at = time.monotonic()
        self._due, self._look_due = every(EVERY, time.monotonic), every(LOOK_SECONDS, time.monotonic)

    def run(self) -> None:
        """Publish until the stream is over, then set expected; raises FramewiseError, Halted among them."""
        source = self._live.source_of(self._video)
        self._begin()
        self._live.outcomes.follow(self._video.video_id, self._fresh.settle)
        try:
            with Sender(self._fresh, self._live.publisher, self._record, self._halt).running():
                warning = self._follow(source)
                self._drain()
        finally:
            self._live.outcomes.leave(self._video.video_id)
            self._let_go()
        self._end(warning, source.quiet_end)

    def _begin(self) -> None:
        video, known = self._video, self._journal.progress
        kept = begin_again(self._bench.videos, self._bench.results, video)
        if known.decode_started_at is None:
            self._journal.note(decode_started_at=_now(), frames_published=kept)
        else:
            self._record.gap_begins(RESTARTED)
        self._journal.note(published_through=max(known.published_through, known.numbered_through))
        self._journal.write()

    def _reserve(self, number: int) -> None:
        self._halt.check()
        self._journal.note(numbered_through=number)
        self._journal.write()

    def _follow(self, source: LiveSource) -> str | None:
        """Connect until the stream is over; a warning, if it should not have ended like that."""
        backoff = Backoff(SOON if source.quiet_end else LONGEST_SECONDS)
        try:
            while True:
                before = self._heard_at
                reason = self._until_it_breaks(source)
                if self._heard_at > before:
                    backoff.reset()
                silent = time.monotonic() - self._heard_at
                if silent > source.patience:
                    self._check_begun(SourceUnreachable(f"given up after {silent:.0f} s: {reason}"))
                    return None if source.quiet_end else f"the stream broke off and did not come back: {reason}"
                logger.info("video %s: connecting again: %s", self._video.video_id, reason)
                self._record.gap_begins(reason)
                self._pause(min(backoff.next(), max(PAUSE, source.patience - silent)))
        except StreamOver as e:
            logger.info("video %s: %s", self._video.video_id, e)
            self._check_begun(SourceUnreachable(str(e)))
            return None
        except SourceRefused as e:
            self._check_begun(e)
            return str(e)

    def _until_it_breaks(self, source: LiveSource) -> str:
        """Why a connection ended that may be made again; raises StreamOver, or what does not become better."""
        try:
            self._one_connection(source)
        except SourceRefused:
            raise
        except MediaError as e:
            self._unreadable += 1
            if self._unreadable >= TRIES:
                self._check_begun(e)
            return str(e)
        except SourceError as e:
            return str(e)
        return "the connection ended"

    def _check_begun(self, error: FramewiseError) -> None:
        """Raise the error when the stream has never given a frame."""
        if self._journal.progress.first_captured_at is None:
            raise error

    def _one_connection(self, source: LiveSource) -> None:
        """Take every frame of one connection; raises StreamOver, SourceError or MediaError with why it ended."""
        self._numbers.connect()
        self._clock = CaptureClock(self._journal.progress.last_captured_at)
        base = self._decoded
        stall = self._live.settings.live_stall_seconds
        with self._live.connect(source, self._request(), stall, self._halt, self._meanwhile) as messages:
            for message in messages:
                self._take(message, base)
                self._meanwhile()

    def _request(self) -> DecodeRequest:
        """Every connection begins anew: where the video begins and ends is counted here, over all of them."""
        sampling = replace(self._video.sampling, start_time=None, end_time=None)
        return replace(request_of(self._bench.settings, sampling), max_duration=LONGEST, threads=1)

    def _take(self, message: Message, base: int) -> None:
        self._check_duration()
        if isinstance(message, SampledFrame):
            self._take_frame(message)
        elif isinstance(message, Probe):
            self._journal.note(fps=message.fps, width=message.width, height=message.height)
            self._journal.write()
        elif isinstance(message, Decoded):
            self._heard_at = time.monotonic()
            self._decoded = base + message.frames_decoded
            self._note_behind(message.behind)

    def _take_frame(self, sampled: SampledFrame) -> None:
        self._heard_at = time.monotonic()
        assert sampled.arrived_at is not None
        captured_at = self._clock.at(sampled.media_time, sampled.arrived_at)
        first = self._journal.progress.first_captured_at is None
        self._record.captured(captured_at)
        media_time = self._media_time(captured_at)
        number = self._numbers.of(sampled.frame_number)
        if first:
            self._journal.write()
        if media_time >= (self._video.sampling.start_time or 0):
            placed = replace(sampled, frame_number=number, media_time=media_time, captured_at=captured_at)
            self._fresh.offer(replace(frame_of(self._video, placed), live=True))

    def _media_time(self, at: datetime) -> float:
        first = self._journal.progress.first_captured_at
        return (at - first) / timedelta(seconds=1) if first is not None else 0.0

    def _check_duration(self) -> None:
        """Raise StreamOver when the video is as long as it may be; no source is waited for beyond that."""
        limits = (self._video.max_duration, self._video.sampling.end_time)
        longest = min((limit for limit in limits if limit is not None), default=None)
        if longest is not None and self._media_time(_now()) >= longest:
            raise StreamOver(f"the video is {longest:g} s long, as was asked")

    def _note_behind(self, behind: float) -> None:
        known = self._journal.progress.warnings
        if behind > BEHIND_SECONDS and TOO_SLOW not in known:
            self._journal.note(warnings=(*known, TOO_SLOW))

    def _meanwhile(self) -> None:
        """What is done several times a second; raises Halted or StoreUnavailable."""
        self._halt.check()
        if self._look_due():
            self._look_up()
        if self._due():
            entered = self._record.enter()
            self._record.stands(self._fresh.dropped, self._decoded, self._fresh.lag)
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

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._check_duration()
            self._meanwhile()
            self._halt.wait(min(left, PAUSE))

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
        """Write down where numbers are, so that whoever goes on leaves no hole; only while the lease is ours."""
        self._record.stands(self._fresh.dropped + self._fresh.waiting, self._decoded, 0.0)
        self._journal.note(numbered_through=self._numbers.used, connected=False)
        if self._halt.reason is HaltReason.SHUTDOWN:
            self._record.enter()
            self._journal.write()

    def _end(self, warning: str | None, quiet_end: bool) -> None:
        self._record.enter()
        self._record.ends(not quiet_end and warning is not None, warning)
        known = self._journal.progress
        duration = self._media_time(known.last_captured_at) if known.last_captured_at else None
        self._journal.note(duration=duration, decode_finished_at=_now())
        self._halt.check()
        self._journal.write()
        total, last = expected(self._bench.videos, self._bench.results, self._video)
        if total == 0:
            raise MediaError("no frame was taken of the stream: it ended before startTime, or nothing was analysed")
        self._bench.videos.set_expected(self._video.video_id, total, last, self._video.attempt)
        complete_if_full(self._bench.videos, self._bench.results, self._video.video_id)


def _now() -> datetime:
    return datetime.now(UTC)
