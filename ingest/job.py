"""Owns what ingest does for one video: fetch, decode, publish, write down, set expected."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ingest.decode.messages import Decoded, DecodeRequest, Finished, Message, Probe, SampledFrame
from ingest.decode.process import STARTED_ANEW, DecoderProcess, request_of
from ingest.decode.spawning import Spawn
from ingest.earlier import EarlierOutcomes
from ingest.flow import FrameFlow
from ingest.halt import Halt
from ingest.journal import Journal
from ingest.live.bench import LiveBench
from ingest.pace import Pace
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import SourceUnreachable
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import IngestSettings
from pipeline.contracts.videos import SourceKind, SourceProgress, Video
from pipeline.kafka.publishing import Publisher
from pipeline.observing.tracing import span
from pipeline.queue import expected_frames
from pipeline.stores.frames import FrameStore, InMemoryFrameStore
from pipeline.stores.results import ResultStore, count
from pipeline.stores.sources import KeptSource, SourceFolder, sha256_of
from pipeline.stores.videos import VideoStore

logger = logging.getLogger(__name__)
SERVED = frozenset({SourceKind.URL, SourceKind.UPLOAD, SourceKind.RERUN})


class Fetcher(Protocol):
    """Brings a source to a path, whole or not at all, and answers with its SHA-256."""

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """Raises SourceError, DiskFull or Halted."""


Frames = AbstractContextManager[Iterator[Message]]
Decoder = Callable[[DecodeRequest, Path, float, Halt], Frames]
Learned = Callable[[float | None], None]
"""Is told, before the first frame, about how many there will be; None if the source does not say."""


@contextmanager
def decode_in_child(
    request: DecodeRequest, path: Path, stall: float, halt: Halt, spawn: Spawn = STARTED_ANEW
) -> Iterator[Iterator[Message]]:
    """The messages of a confined child process."""
    with DecoderProcess(request, path, stall, halt.check, spawn) as child:
        yield child.messages()


@dataclass(frozen=True)
class Workbench:
    """What the work on any video needs; `live` is what that on live ones does, who are left to others without it."""

    videos: VideoStore
    results: ResultStore
    publisher: Publisher
    sources: SourceFolder
    fetcher: Fetcher
    settings: IngestSettings
    decoder: Decoder = decode_in_child
    pace: Pace = field(default_factory=Pace)
    frames: FrameStore = field(default_factory=InMemoryFrameStore)
    live: LiveBench | None = None


class VideoJob:
    """The work on one video under a lease. Run once; it may be run again by another, and goes on from there."""

    def __init__(self, bench: Workbench, video: Video, halt: Halt, learned: Learned = lambda frames: None) -> None:
        self._bench = bench
        self._learned = learned
        self._video = video
        self._halt = halt
        self._journal = Journal(bench.videos, video.video_id, video.attempt)
        self._earlier = EarlierOutcomes(bench.videos, bench.results, video)
        self._flow = FrameFlow(
            bench.publisher,
            halt,
            lambda: min(bench.settings.frames_in_flight, bench.pace.allowance()),
            self._outcomes,
            self._write_if_due,
        )

    def run(self) -> None:
        """Publish every sampled frame and set expected; raises FramewiseError, Halted among them."""
        frames = self._open()
        self._earlier.reopen()
        self._bench.pace.begin(self._video.video_id, frozenset(task.name for task in self._video.tasks))
        published = None
        try:
            self._outcomes()  # what is counted from here
            with span("decode and publish") as here:
                finished = self._publish(frames)
                self._flow.drain()
                published = finished.frames_sampled
                here.note(framewise_frames=published)
        finally:
            self._bench.pace.end(self._video.video_id, published)
        self._write_end(finished)
        self._halt.check()
        self._bench.videos.set_expected(
            self._video.video_id, finished.frames_sampled, finished.last_frame_number, self._video.attempt
        )
        complete_if_full(self._bench.videos, self._bench.results, self._video.video_id)

    def _open(self) -> Frames:
        """Where the frames come from, ready to be read."""
        with span("download"):
            source = self._fetch()
        settings = self._bench.settings
        request = request_of(
            settings, self._video.sampling, self._video.max_duration, self._journal.progress.published_through
        )
        return self._bench.decoder(request, source.path, settings.decode_stall_seconds, self._halt)

    def _fetch(self) -> KeptSource:
        before = self._journal.progress
        self._journal.note(download_started_at=before.download_started_at or _now())
        self._journal.write()
        source = self._bench.sources.kept(self._video.video_id) or self._bring()
        if before.sha256 not in (None, source.sha256) and self._has_begun(before):
            raise SourceUnreachable("the source has changed since its first frames were taken; submit it again")
        self._journal.note(sha256=source.sha256, download_finished_at=before.download_finished_at or _now())
        self._journal.write()
        return source

    def _has_begun(self, before: SourceProgress) -> bool:
        """Whether frames were taken from the source that stay."""
        return before.published_through > 0 or count(self._bench.results, self._video.video_id).done > 0

    def _bring(self) -> KeptSource:
        sources, video = self._bench.sources, self._video
        path = sources.path(video.video_id)
        if video.source is SourceKind.UPLOAD:
            if not path.is_file():
                raise SourceUnreachable("the uploaded file is not on this machine any more; upload it again")
            return sources.seal(video.video_id, sha256_of(path, self._halt.check))
        return sources.seal(video.video_id, self._bench.fetcher.fetch(video.source_url, path, self._halt))

    def _publish(self, frames: Frames) -> Finished:
        self._journal.note(decode_started_at=self._journal.progress.decode_started_at or _now())
        with frames as messages:
            for message in messages:
                if isinstance(message, Finished):
                    return message
                self._take(message)
                self._write_if_due()
        raise AssertionError("a decoder ends with Finished or raises")

    def _take(self, message: Message) -> None:
        if isinstance(message, SampledFrame):
            self._take_frame(message)
        elif isinstance(message, Decoded):
            self._journal.note(frames_decoded=max(message.frames_decoded, self._journal.progress.frames_decoded))
        elif isinstance(message, Probe):
            self._journal.note(
                duration=message.duration,
                fps=message.fps,
                width=message.width,
                height=message.height,
                codec=message.codec,
            )
            self._journal.write()
            self._learned(expected_frames(self._video, self._journal.progress))

    def _outcomes(self) -> int:
        known = count(self._bench.results, self._video.video_id).total
        self._bench.pace.note(self._video.video_id, known)
        return known - self._earlier.ahead

    def _take_frame(self, sampled: SampledFrame) -> None:
        self._journal.sampled(sampled.frame_number)
        if self._earlier.has(sampled.frame_number) or not sampled.jpeg:
            self._flow.skip(sampled.frame_number)
            return
        self._flow.publish(frame_of(self._video, sampled))

    def _write_if_due(self) -> None:
        if self._journal.due:
            self._write()

    def _write(self) -> None:
        self._journal.note(frames_published=self._flow.published, published_through=self._flow.published_through)
        self._halt.check()
        self._journal.write()

    def _write_end(self, finished: Finished) -> None:
        known = self._journal.progress
        self._journal.note(
            duration=known.duration or finished.duration,
            frames_decoded=finished.frames_decoded,
            warnings=tuple(finished.warnings),
            decode_finished_at=_now(),
        )
        self._write()


def frame_of(video: Video, sampled: SampledFrame) -> Frame:
    """A sampled frame of a video as it is published."""
    return Frame(
        video_id=video.video_id,
        attempt=video.attempt,
        frame_number=sampled.frame_number,
        media_time=sampled.media_time,
        captured_at=sampled.captured_at,
        width=sampled.width,
        height=sampled.height,
        tasks=video.tasks,
        jpeg=sampled.jpeg,
        store=video.store_frames,
        request_id=video.request_id,
        traceparent=video.traceparent,
    )


def _now() -> datetime:
    return datetime.now(UTC)
