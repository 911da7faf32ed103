"""A small installation to clear up: stores with videos in them, and stores that fail in the middle of the work."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pipeline.clearing import Cleared, Stores, clear
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.results import ResultStore
from pipeline.stores.sources import SourceFolder
from pipeline.stores.videos import VideoStore
from tests.unit.factories import a_result, a_video, analyzed

AT = 1_700_000_000_000_000
JPEG = b"a picture"
TICK = 0.02
"""Longer than the clock of a file system ticks."""


@dataclass
class World:
    """Stores in one folder, and what a pipeline writes to them."""

    root: Path
    videos: VideoStore = field(default_factory=InMemoryVideoStore)
    results: ResultStore = field(default_factory=InMemoryResultStore)

    @property
    def frames(self) -> FolderFrameStore:
        """The folder of frames."""
        return FolderFrameStore(self.root / "frames")

    @property
    def sources(self) -> SourceFolder:
        """The folder of sources."""
        return SourceFolder(self.root / "sources")

    @property
    def stores(self) -> Stores:
        """What clearing gets."""
        return Stores(self.videos, self.results, self.frames, self.sources)

    def clear(self, before: datetime, dry_run: bool = False) -> Cleared:
        """Clear up."""
        return clear(self.stores, before, dry_run)

    def processing(self, *numbers: int) -> Video:
        """A video at work, with these frames stored."""
        video = replace(a_video(), attempt_timestamp=AT)
        self.videos.create(video)
        self.videos.transition(video.video_id, VideoStatus.PROCESSING)
        self.store(video.video_id, *numbers)
        return self.known(video.video_id)

    def ended(self, *numbers: int, status: VideoStatus = VideoStatus.COMPLETED) -> Video:
        """A video that has ended, with these frames stored."""
        return self.end(self.processing(*numbers), status)

    def end(self, video: Video, status: VideoStatus = VideoStatus.COMPLETED) -> Video:
        """End it."""
        assert self.videos.transition(video.video_id, status)
        return self.known(video.video_id)

    def known(self, video_id: UUID) -> Video:
        """The video as it is now."""
        video = self.videos.get(video_id)
        assert video is not None
        return video

    def store(self, video_id: UUID, *numbers: int, error: str | None = None, at: int = AT) -> None:
        """Sample these frames, store their pictures, and enter two results each."""
        self.sample(video_id, numbers)
        for number in numbers:
            self.frames.put(video_id, number, JPEG)
        results = a_result(error=error), a_result(task=TaskName.FACES)
        self.results.save([analyzed(video_id, n, *results) for n in numbers], {video_id: at})

    def sample(self, video_id: UUID, numbers: Iterable[int]) -> None:
        """Note these frames beside those that were sampled before, and how far ingest is."""
        for bucket, some in groupby(sorted(numbers), bucket_of):
            before = self.videos.sampled(video_id, bucket)
            self.videos.save_sampled(video_id, bucket, sorted({*before, *some}))
        self.videos.save_progress(video_id, SourceProgress(sha256="ab", frames_published=9))

    def stored(self, video_id: UUID) -> list[int]:
        """The numbers of the frames that have a picture."""
        return [f.frame_number for b in self.frames.buckets(video_id) for f in self.frames.stored(video_id, b)]

    def entered(self, video_id: UUID) -> list[int]:
        """The numbers of the frames that are in the ledger."""
        buckets = {*self.videos.sampled_buckets(video_id), *range(4)}
        return [entry.frame_number for b in sorted(buckets) for entry in self.results.entries(video_id, b)]

    def age_file(self, video_id: UUID, number: int, age: timedelta) -> None:
        """Let a picture have been stored so long ago."""
        then = time.time() - age.total_seconds()
        os.utime(self.frames.path(video_id, number), (then, then))


@dataclass(frozen=True)
class Mixture:
    """Videos in every state. All frames are older than `before` but 1002 and 2002 of `running` and 1006 of `kept`."""

    running: Video
    kept: Video
    failed: Video
    cancelled: Video
    unknown: UUID
    before: datetime

    @property
    def videos(self) -> tuple[Video, ...]:
        """All that are known."""
        return self.running, self.kept, self.failed, self.cancelled


MIXTURE_CLEARED = Cleared(2, 5 + 2 + 30 + 1, 2 * 37, 38 * len(JPEG))


def a_mixture(world: World) -> Mixture:
    """Make one."""
    running = world.processing(1, 2, 999, 1000, 1001)
    kept = world.ended(5, 1005)
    failed = world.ended(*range(1, 30), 1500, status=VideoStatus.FAILED)
    cancelled = world.ended(status=VideoStatus.CANCELLED)
    unknown = uuid4()
    world.frames.put(unknown, 7, JPEG)
    before = moment()
    world.store(running.video_id, 1002, 2002)
    world.store(kept.video_id, 1006)
    return Mixture(running, kept, failed, cancelled, unknown, before)


def moment() -> datetime:
    """A time after all that was stored before, and before all that will be."""
    time.sleep(TICK)
    now = datetime.now(UTC)
    time.sleep(TICK)
    return now


class Failing:
    """Passes calls on to a store until the `allowed`-th that writes; that one, and all later ones, do nothing."""

    def __init__(self, store: Any, allowed: list[int]) -> None:
        self._store = store
        self._allowed = allowed

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._counted(found) if name in WRITES else found

    def _counted(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*values: Any) -> Any:
            if not self._allowed[0]:
                raise StoreUnavailable("the test says so")
            self._allowed[0] -= 1
            return write(*values)

        return counted


WRITES = {"clear", "remove", "forget", "unlist", "delete", "delete_video", "repair_listing"}


def failing(stores: Stores, allowed: int) -> Stores:
    """The same stores, for so many writes."""
    left = [allowed]
    return Stores(
        Failing(stores.videos, left),
        Failing(stores.results, left),
        Failing(stores.frames, left),
        Failing(stores.sources, left),
    )
