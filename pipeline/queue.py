"""Owns the queue: who is next, so that keys get their shares and short videos come soon, and how long the wait is."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.stores.speed import Speed
from pipeline.stores.videos import Listing

MOST_LISTED = 10_000
"""So many entries of the listing are looked at."""
OLD_SECONDS = 20.0
"""What was observed longer ago says nothing of what runs now."""


SHORT_FRAMES = 600.0
"""A video of no more sampled frames is a short one."""
FRAME_SECONDS = 0.04
"""Of work, roughly: by so much for each of its frames a video is put behind others of its key."""


def is_long(frames: float | None) -> bool:
    """Whether a video of so many frames is known to be long."""
    return frames is not None and frames > SHORT_FRAMES


def due(entry: Listing) -> datetime:
    """When a video's turn is: when it came, and later by its own work. So only what comes before that passes it.

    One whose length is not known yet counts as short.
    """
    return entry.at + timedelta(seconds=FRAME_SECONDS * (entry.frames or 0.0))


def in_turn(
    waiting: Iterable[Listing], running: Mapping[str | None, int], shares: Mapping[str, int] | None = None
) -> Iterator[Listing]:
    """The order in which waiting videos are taken, when so many of each key run already.

    The next is always of the key that has the fewest for its share (1 where none is given), counting those taken
    before; of several such keys, the one whose first video is due first; within a key, by when they are due.
    """
    queues: dict[str | None, deque[tuple[datetime, UUID, Listing]]] = defaultdict(deque)
    for place in sorted(((due(e), e.video_id, e) for e in waiting), key=lambda place: place[:2]):
        queues[place[2].key_id].append(place)
    keys = list(queues)
    of = [max(1, (shares or {}).get(key or "", 1)) for key in keys]
    heap = [(running.get(key, 0) / of[n], *queues[key][0][:2], n, running.get(key, 0)) for n, key in enumerate(keys)]
    heapq.heapify(heap)
    while heap:
        *_, n, served = heapq.heappop(heap)
        queue = queues[keys[n]]
        yield queue.popleft()[2]
        if queue:
            heapq.heappush(heap, ((served + 1) / of[n], *queue[0][:2], n, served + 1))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pending video is: 1 for the next one. The frames of it and of all before it, and of how many videos
    these are not known.
    """

    position: int
    frames: float
    unknown: int


@dataclass(frozen=True)
class Queue:
    """The listing of open videos at one moment, and the share of each key that has another one than 1."""

    entries: Sequence[Listing]
    shares: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def running(self) -> list[Listing]:
        """Those that are worked on."""
        return [entry for entry in self.entries if entry.status is VideoStatus.PROCESSING]

    @cached_property
    def order(self) -> list[Listing]:
        """Those that wait, the next one first."""
        waiting = (entry for entry in self.entries if entry.status is not VideoStatus.PROCESSING)
        return list(in_turn(waiting, Counter(entry.key_id for entry in self.running), self.shares))

    @cached_property
    def _places(self) -> dict[UUID, Place]:
        places, frames, unknown = {}, 0.0, 0
        for position, entry in enumerate(self.order, start=1):
            frames, unknown = frames + (entry.frames or 0.0), unknown + (entry.frames is None)
            places[entry.video_id] = Place(position, frames, unknown)
        return places

    @cached_property
    def _known(self) -> frozenset[UUID]:
        return frozenset(entry.video_id for entry in self.entries)

    @cached_property
    def by_key(self) -> Counter[str | None]:
        """How many open videos each key has."""
        return Counter(entry.key_id for entry in self.entries)

    def joined(self, video: Video) -> "Queue":
        """The queue with a pending video that is newer than it."""
        if video.video_id in self._known:
            return self
        entry = Listing(video.video_id, video.created_at, None, VideoStatus.PENDING, video.key_id)
        return Queue([*self.entries, entry], self.shares)

    def place(self, video: Video) -> Place | None:
        """Where a pending video is; one that is newer than this queue is counted in. None if it runs."""
        return self.joined(video)._places.get(video.video_id)

    def position(self, video: Video) -> int | None:
        """1 for the pending video that is next; None if it runs."""
        place = self.place(video)
        return place.position if place else None

    def held_up_by(self, frames: float, speed: Speed) -> float:
        """How many frames of those that run are done before so many frames of those that wait.

        All, but of long ones, which go on beside them: these have their part while the others have theirs.
        """
        known = [entry.frames or speed.frames_per_video or 0.0 for entry in self.running]
        longs = [count for count in known if is_long(count)]
        if not longs:
            return speed.running_frames
        part = frames / max(1, len(known) - len(longs))
        return min(speed.running_frames, sum(known) - sum(longs) + sum(min(count, part) for count in longs))


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


def seconds_until_done(queue: Queue, place: Place, speed: Speed | None) -> float | None:
    """How long a pending video still takes: what runs, what is before it, and itself, at the rate as measured.

    What runs is as much as when it was observed: while videos wait, one that ends makes room for the next.
    """
    if speed is None or not speed.rate or speed.frames_per_video is None:
        return None
    frames = place.frames + place.unknown * speed.frames_per_video
    return (queue.held_up_by(frames, speed) + frames) / speed.rate


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
