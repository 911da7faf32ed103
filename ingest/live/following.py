"""Owns following a live source: one connection after the other, until it is over or given up."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.decode.messages import DecodeRequest
from ingest.decode.process import request_of
from ingest.halt import Halt
from ingest.live.backoff import LONGEST_SECONDS, Backoff
from ingest.live.bench import LiveBench
from ingest.live.record import LiveRecord
from ingest.live.sources import LiveSource, PlacingSource, StreamOver
from ingest.live.taking import Taking
from pipeline.contracts.errors import FramewiseError, MediaError, SourceError, SourceRefused, SourceUnreachable
from pipeline.contracts.settings import IngestSettings
from pipeline.contracts.videos import Video

LONGEST = 3650 * 86_400.0
SOON = 1.0
"""The longest pause before a source of our own is asked again: a publisher who is back has frames lost meanwhile."""
TRIES = 3
PAUSE = 0.1
logger = logging.getLogger(__name__)


@dataclass
class Following:
    """Connects to a source as often as it takes. `meanwhile` is called several times a second, and may raise."""

    live: LiveBench
    settings: IngestSettings
    video: Video
    taking: Taking
    record: LiveRecord
    halt: Halt
    meanwhile: Callable[[], None]
    unreadable: int = 0

    def follow(self, source: LiveSource) -> str | None:
        """Returns when the stream is over: a warning, if it should not have ended like that.

        Raises the reason when it has never given a frame.
        """
        try:
            reason = self._until_given_up(source)
        except StreamOver as e:
            logger.info("video %s: %s", self.video.video_id, e)
            self._check_begun(SourceUnreachable(str(e)))
            return None
        except SourceRefused as e:
            self._check_begun(e)
            return str(e)
        return None if source.quiet_end else f"the stream broke off and did not come back: {reason}"

    def _until_given_up(self, source: LiveSource) -> str:
        backoff = Backoff(SOON if source.quiet_end else LONGEST_SECONDS)
        while True:
            before = self.taking.heard_at
            reason = self._until_it_breaks(source)
            if self.taking.heard_at > before:
                backoff.reset()
            silent = time.monotonic() - self.taking.heard_at
            if silent > source.patience:
                self._check_begun(SourceUnreachable(f"given up after {silent:.0f} s: {reason}"))
                return reason
            logger.info("video %s: connecting again: %s", self.video.video_id, reason)
            self.record.gap_begins(reason)
            self._pause(min(backoff.next(), max(PAUSE, source.patience - silent)))

    def _until_it_breaks(self, source: LiveSource) -> str:
        """Why a connection ended that may be made again; raises StreamOver, or what does not become better."""
        try:
            self._one_connection(source)
        except SourceRefused:
            raise
        except MediaError as e:
            self.unreadable += 1
            if self.unreadable >= TRIES:
                self._check_begun(e)
            return str(e)
        except SourceError as e:
            return str(e)
        return "the connection ended"

    def _one_connection(self, source: LiveSource) -> None:
        self.taking.connect(source)
        stall = source.stall if isinstance(source, PlacingSource) else self.live.settings.live_stall_seconds
        with self.live.connect(source, self._request(), stall, self.halt, self._often) as messages:
            for message in messages:
                self.taking.take(message)
                self.meanwhile()
                while self.taking.full:
                    self._pause(PAUSE)

    def _often(self) -> None:
        self.taking.check_duration()
        self.meanwhile()

    def _request(self) -> DecodeRequest:
        """Each connection begins anew: where the video begins and ends is counted over all of them, elsewhere."""
        sampling = replace(self.video.sampling, start_time=None, end_time=None)
        return replace(request_of(self.settings, sampling), max_duration=LONGEST, threads=1)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._often()
            self.halt.wait(min(left, PAUSE))

    def _check_begun(self, error: FramewiseError) -> None:
        """Raise the error when the stream has never given a frame."""
        if not self.taking.begun:
            raise error
