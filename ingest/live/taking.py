"""Owns what becomes of a connection's messages: frames get their number and time, and wait to be sent."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ingest.decode.messages import Decoded, Message, Probe, SampledFrame
from ingest.halt import Halt
from ingest.job import frame_of
from ingest.journal import Journal
from ingest.live.clock import CaptureClock
from ingest.live.freshness import FreshFrames
from ingest.live.numbers import FrameNumbers
from ingest.live.record import LiveRecord
from ingest.live.sources import LiveSource, PlacingSource, StreamOver
from pipeline.contracts.videos import Video

BEHIND_SECONDS = 2.0
TOO_SLOW = "this machine decodes more slowly than the source sends: take fewer frames, or a smaller picture"


class Taking:
    """Takes the messages of one connection after the other. For one thread; raises what the journal raises."""

    def __init__(self, video: Video, journal: Journal, record: LiveRecord, fresh: FreshFrames, halt: Halt) -> None:
        self._video = video
        self._journal = journal
        self._record = record
        self._fresh = fresh
        self._halt = halt
        known = journal.progress
        self._numbers = FrameNumbers(known.numbered_through, video.sampling.frame_step or 1, self._reserve)
        self._clock = CaptureClock(known.last_captured_at)
        self._newest = known.source_newest
        self._placing: PlacingSource | None = None
        self._base = self.decoded = 0
        self.heard_at = time.monotonic()

    @property
    def numbered_through(self) -> int:
        """The highest number that was given away."""
        return self._numbers.used

    @property
    def begun(self) -> bool:
        """Whether the stream has ever given a frame."""
        return self._journal.progress.first_captured_at is not None

    def connect(self, source: LiveSource | None = None) -> None:
        """Another connection begins, to this source."""
        self._placing = source if isinstance(source, PlacingSource) else None
        self._numbers.connect()
        self._clock = CaptureClock(self._journal.progress.last_captured_at)
        self._base = self.decoded

    def take(self, message: Message) -> None:
        """Do what a message asks for; raises StreamOver when the video is as long as it may be."""
        self.check_duration()
        if isinstance(message, SampledFrame):
            self._take_frame(message)
        elif isinstance(message, Probe):
            self._journal.note(fps=message.fps, width=message.width, height=message.height, codec=message.codec)
            self._journal.write()
        elif isinstance(message, Decoded):
            self.heard_at = time.monotonic()
            self.decoded = self._base + message.frames_decoded
            self._note_behind(message.behind)

    def _take_frame(self, sampled: SampledFrame) -> None:
        self.heard_at = time.monotonic()
        captured_at, newest, number = self._place(sampled)
        first = not self.begun
        self._record.captured(captured_at)
        if first:
            self._journal.write()  # what media times count from stays, whoever goes on
        media_time = self.media_time(newest)
        if media_time >= (self._video.sampling.start_time or 0):
            placed = replace(sampled, frame_number=number, media_time=media_time, captured_at=captured_at)
            self._fresh.offer(replace(frame_of(self._video, placed), live=True))

    def _place(self, sampled: SampledFrame) -> tuple[datetime, datetime, int]:
        """When a frame was captured, and the newest so far, which its media time follows; its number in the video."""
        assert sampled.arrived_at is not None
        if self._placing is None:
            captured_at = self._clock.at(sampled.media_time, sampled.arrived_at)
            return captured_at, captured_at, self._numbers.of(sampled.frame_number)
        place = self._placing.place(sampled.arrived_at)
        self._warn(place.warning)
        newest = self._newest = max(place.captured_at, self._newest or place.captured_at)
        self._record.placed(place.number, place.position, newest)
        return place.captured_at, newest, self._numbers.given(place.number)

    @property
    def _can_wait(self) -> bool:
        return self._placing is not None and self._placing.whole

    @property
    def full(self) -> bool:
        """Whether a source that can wait should: what it has given is more than the analysis takes soon."""
        return self._can_wait and self._fresh.full

    def media_time(self, at: datetime) -> float:
        """Seconds from the stream's first frame; 0 before it."""
        first = self._journal.progress.first_captured_at
        return (at - first) / timedelta(seconds=1) if first is not None else 0.0

    def check_duration(self) -> None:
        """Raise StreamOver when the video is as long as it may be, though the source may be away."""
        limits = (self._video.max_duration, self._video.sampling.end_time)
        longest = min((limit for limit in limits if limit is not None), default=None)
        if longest is not None and self.media_time(datetime.now(UTC)) >= longest:
            raise StreamOver(f"the video is {longest:g} s long, as was asked")

    def _reserve(self, number: int) -> None:
        self._halt.check()
        self._journal.note(numbered_through=number)
        self._journal.write()

    def _note_behind(self, behind: float) -> None:
        if behind > BEHIND_SECONDS and not self._can_wait:
            self._warn(TOO_SLOW)

    def _warn(self, warning: str | None) -> None:
        known = self._journal.progress.warnings
        if warning is not None and warning not in known:
            self._journal.note(warnings=(*known, warning))
