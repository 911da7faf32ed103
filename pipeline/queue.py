"""Owns the queue: who is next, so that keys are served in turn, and how long the wait is."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.stores.speed import Speed
from pipeline.stores.videos import Listing

MOST_LISTED = 10_000
"""So many entries of the listing are looked at."""
OLD_SECONDS = 20.0
"""What was observed longer ago says nothing of what runs now."""


def in_turn(waiting: Iterable[Listing], running: Mapping[str | None, int]) -> Iterator[Listing]:
    """The order in which waiting videos are taken, when so many of each key run already.

    The next is always of the key that has the fewest, counting those taken before; of several such keys, the one whose
    oldest video has waited longest; within a key, the oldest.
    """
    queues: dict[str | None, deque[Listing]] = defaultdict(deque)
    for entry in sorted(waiting, key=lambda entry: (entry.at, entry.video_id)):
        queues[entry.key_id].append(entry)
    ordinals = list(queues)
    heap = [
        (running.get(key, 0), queues[key][0].at, queues[key][0].video_id, ordinal)
        for ordinal, key in enumerate(ordinals)
    ]
    heapq.heapify(heap)
    while heap:
        served, _, _, ordinal = heapq.heappop(heap)
        queue = queues[ordinals[ordinal]]
        yield queue.popleft()
        if queue:
            heapq.heappush(heap, (served + 1, queue[0].at, queue[0].video_id, ordinal))


@dataclass(frozen=True)
class Queue:
    """The listing of open videos at one moment."""

    entries: Sequence[Listing]

    @cached_property
    def running(self) -> list[Listing]:
        """Those that are worked on."""
        return [entry for entry in self.entries if entry.status is VideoStatus.PROCESSING]

    @cached_property
    def order(self) -> list[Listing]:
        """Those that wait, the next one first."""
        waiting = (entry for entry in self.entries if entry.status is not VideoStatus.PROCESSING)
        return list(in_turn(waiting, Counter(entry.key_id for entry in self.running)))

    @cached_property
    def _positions(self) -> dict[UUID, int]:
        return {entry.video_id: place for place, entry in enumerate(self.order, start=1)}

    @cached_property
    def _known(self) -> frozenset[UUID]:
        return frozenset(entry.video_id for entry in self.entries)

    @cached_property
    def by_key(self) -> Counter[str | None]:
        """How many open videos each key has."""
        return Counter(entry.key_id for entry in self.entries)

    def position(self, video: Video) -> int | None:
        """1 for the pending video that is next. One that is newer than this queue is counted in; None if it runs."""
        if video.video_id in self._known:
            return self._positions.get(video.video_id)
        entry = Listing(video.video_id, video.created_at, None, VideoStatus.PENDING, video.key_id)
        return Queue([*self.entries, entry]).position(video)


def expected_frames(video: Video, progress: SourceProgress) -> float | None:
    """Sampled frames of a video: counted, or else by what the container says of its duration and rate."""
    if video.frames_expected is not None:
        return float(video.frames_expected)
    if progress.duration is None or progress.fps is None or video.live:
        return None
    sampling = video.sampling
    ends = [t for t in (progress.duration, sampling.end_time) if t is not None]
    seconds = max(0.0, min(ends) - (sampling.start_time or 0))
    if video.max_duration is not None:
        seconds = min(seconds, video.max_duration)
    if sampling.sample_seconds:
        return seconds / sampling.sample_seconds
    return seconds * progress.fps * (sampling.frame_ratio or 1 / (sampling.frame_step or 1))


def seconds_until_done(position: int, speed: Speed | None) -> float | None:
    """How long a pending video still takes: what runs, what is before it, and itself, at the rate as measured.

    What runs is as much as when it was observed: while videos wait, one that ends makes room for the next.
    """
    if speed is None or not speed.rate or speed.frames_per_video is None:
        return None
    return (speed.running_frames + position * speed.frames_per_video) / speed.rate


def seconds_left(video_id: UUID, frames_left: float, speed: Speed | None, now: datetime) -> float | None:
    """How long a video that runs still takes: its frames at its own rate, or all that run at that of the service."""
    if speed is None or (now - speed.observed_at).total_seconds() > OLD_SECONDS:
        return None
    if frames_left <= 0:
        return 0.0
    if rate := speed.video_rates.get(video_id):
        return frames_left / rate
    if video_id in speed.video_rates or not speed.rate:
        return None
    return max(frames_left, speed.running_frames) / speed.rate
