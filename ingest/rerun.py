"""Owns the work on a re-analysis: stored frames of another video, the parent, published again as its own."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingest.decode.messages import Finished, Message, SampledFrame
from ingest.halt import Halt
from ingest.job import Frames, VideoJob, Workbench
from pipeline.contracts.errors import FrameUnreadable, SourceError
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.jpegs import jpeg_size
from pipeline.contracts.videos import SourceKind, Video
from pipeline.queue import expected_frames
from pipeline.stores.results import LedgerEntry

FIRST = 1
FILES = frozenset({SourceKind.URL, SourceKind.UPLOAD})


class ParentGone(SourceError):
    """The video whose frames are to be analysed again has none (any more)."""

    type = "parent-gone"
    title = "There are no frames to analyse again"


class RerunJob(VideoJob):
    """The work on one re-analysis under a lease; goes on where another stopped, as for any video."""

    def _open(self) -> Frames:
        """The parent's frames; raises ParentGone when it was deleted before the first of them was taken."""
        parent_id, known = self._video.parent_id, self._journal.progress
        parent = self._bench.videos.get(parent_id) if parent_id else None
        if parent is None and not known.published_through:
            raise ParentGone(f"video {parent_id} was deleted before its frames were read; submit its source again")
        if parent is not None:
            self._copy_probe(parent)
        self._learned(expected_frames(self._video, self._journal.progress))
        return nullcontext(StoredFrames(self._bench, self._video, parent, known.published_through, self._halt).read())

    def _copy_probe(self, parent: Video) -> None:
        known, probe = self._journal.progress, self._bench.videos.progress(parent.video_id)
        now = datetime.now(UTC)
        self._journal.note(
            duration=probe.duration,
            fps=probe.fps,
            width=probe.width,
            height=probe.height,
            codec=probe.codec,
            download_started_at=known.download_started_at or now,
            download_finished_at=known.download_finished_at or now,
        )
        self._journal.write()


@dataclass
class StoredFrames:
    """The frames of `parent` that `video` takes, said as a decoder would; those that are done come without a JPEG.

    A frame whose picture is not there is not sampled, and counted. For one thread, to be read once.
    """

    _bench: Workbench
    _video: Video
    _parent: Video | None
    _published_through: int
    _halt: Halt
    _looked_at: int = field(default=0, init=False)
    _taken: int = field(default=0, init=False)
    _last: int = field(default=0, init=False)
    _left_out: int = field(default=0, init=False)

    def read(self) -> Iterator[Message]:
        """The frames by number, a bucket of the ledger in memory, then how it ended; raises ParentGone for none."""
        for bucket in self._buckets():
            for frame in self._bucket(bucket):
                self._taken, self._last = self._taken + 1, frame.frame_number
                yield frame
        if not self._taken:
            raise ParentGone(
                f"of video {self._video.parent_id} no frame is stored in this selection: choose other times or "
                "another step, or submit its source again"
            )
        yield Finished(self._looked_at, self._taken, self._last, 0.0, self._warnings())

    def _buckets(self) -> list[int]:
        """Where the parent has outcomes, or had some that were taken before it was deleted."""
        theirs = {s.bucket for s in self._bench.results.summaries(self._parent.video_id)} if self._parent else set()
        return sorted(theirs | set(self._bench.videos.sampled_buckets(self._video.video_id)))

    def _bucket(self, bucket: int) -> Iterator[SampledFrame]:
        done, outcomes, entries = self._done(bucket), self._outcomes(bucket), self._entries(bucket)
        captured = self._captured(bucket)
        for number in sorted(outcomes | done):
            self._halt.check()
            if (number - 1) % (self._video.sampling.frame_step or 1):
                continue
            self._looked_at += 1
            if number in done:
                yield SampledFrame(number, 0.0, 0, 0, b"")
            elif self._outside(entry := entries.get(number)):
                continue
            elif entry is None or (frame := self._frame(entry, captured.get(number))) is None:
                self._left_out += 1
            else:
                yield frame

    def _done(self, bucket: int) -> set[int]:
        """The frames that were published safely, or have an outcome; a failed one may be an earlier attempt's."""
        sampled = self._bench.videos.sampled(self._video.video_id, bucket)
        published = {number for number in sampled if number <= self._published_through}
        outcomes = self._bench.results.outcomes(self._video.video_id, bucket)
        return published | {number for number, failed in outcomes.items() if not failed or self._video.attempt == FIRST}

    def _outcomes(self, bucket: int) -> set[int]:
        return set(self._bench.results.outcomes(self._parent.video_id, bucket)) if self._parent else set()

    def _entries(self, bucket: int) -> dict[int, LedgerEntry]:
        entries = self._bench.results.entries(self._parent.video_id, bucket) if self._parent else []
        return {entry.frame_number: entry for entry in entries}

    def _captured(self, bucket: int) -> dict[int, datetime]:
        """Frames of files have no wall clock; of others, the results know it."""
        if self._parent is None or self._parent.source in FILES:
            return {}
        return self._bench.results.captured(self._parent.video_id, bucket)

    def _outside(self, entry: LedgerEntry | None) -> bool:
        """Whether a frame is outside of the times; of one that was cleared nobody knows, if times are given."""
        start, end = self._video.sampling.start_time, self._video.sampling.end_time
        if entry is None:
            return start is not None or end is not None
        return entry.media_time < (start or 0) or (end is not None and entry.media_time >= end)

    def _frame(self, entry: LedgerEntry, captured_at: datetime | None) -> SampledFrame | None:
        """The frame with its picture; None when that is gone or no picture."""
        jpeg = self._bench.frames.get(self._parent.video_id, entry.frame_number) if self._parent else None
        try:
            width, height = jpeg_size(jpeg or b"")
        except FrameUnreadable:
            return None
        return SampledFrame(entry.frame_number, entry.media_time, width, height, jpeg or b"", captured_at)

    def _warnings(self) -> list[str]:
        parent = f"video {self._video.parent_id}"
        found = []
        if self._left_out:
            frames = "1 frame" if self._left_out == 1 else f"{self._left_out} frames"
            found.append(f"{frames} of {parent} left out: no picture is stored (any more)")
        if self._parent is None or self._bench.videos.get(self._parent.video_id) is None:
            found.append(f"{parent} was deleted meanwhile; its frames after number {self._last} are left out")
        if self._parent is not None and self._parent.store_frames is StoreFrames.BLURRED:
            found.append(f"the stored frames of {parent} have their faces blurred: what depends on faces misses them")
        return found
