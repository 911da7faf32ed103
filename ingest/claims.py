"""Owns which video is worked on next."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import chain, islice
from uuid import UUID

from ingest.job import SERVED
from ingest.pace import Pace
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.queue import MOST_LISTED, Queue, is_long
from pipeline.shares import equal_shares
from pipeline.stores.results import ResultStore, count
from pipeline.stores.videos import VideoStore

COUNTED_SECONDS = 2.0
"""For so long a video's frames that wait for analysis are not counted again."""
KNOWN_SECONDS = 10.0
"""For so long a video whose frames are all published is not looked at again, as long as it is listed as running."""


class WaitingVideos:
    """Finds open videos whose source is still to be read: those that another worker left, then in turn by API key.

    No file is begun while those that wait for analysis have `most_frames` frames or more without an outcome, or those
    that were read here some seconds of work, as `pace` knows it: hundreds of short videos must not fill the topic, nor
    somebody else's wait behind them. What is counted here, `pace` learns from. For one thread.
    """

    def __init__(
        self,
        videos: VideoStore,
        results: ResultStore,
        most_frames: int,
        clock: Callable[[], float] = time.monotonic,
        ready: Callable[[Video], bool] | None = None,
        shares: Callable[[], Mapping[str, int]] = equal_shares,
        pace: Pace | None = None,
    ) -> None:
        """`ready` says whether a live video's source can be expected to send; without it they are left to others.

        `shares` are those of the API keys.
        """
        self._videos = videos
        self._results = results
        self._most_frames = most_frames
        self._clock = clock
        self._ready = ready
        self._shares = shares
        self._pace = pace or Pace()
        self._not_ours: set[UUID] = set()
        self._files: set[UUID] = set()
        self._under_way: dict[UUID, tuple[float, int]] = {}
        self._published: dict[UUID, tuple[float, int]] = {}
        self.frames: Mapping[UUID, float | None] = {}
        """About how many frames each open video has, as far as the last look knew it."""

    def find(
        self, limit: int, running: Collection[UUID], live_limit: int = 0, long_limit: int | None = None
    ) -> list[Video]:
        """At most `limit` videos that are not `running`, of which `long_limit` may be known to be long, and
        `live_limit` live ones, which wait for no others; raises StoreUnavailable.
        """
        queue = self._queue(running)
        found: dict[bool, list[Video]] = {True: [], False: []}
        limits = {True: live_limit, False: limit}
        waiting, long_left = 0, limit if long_limit is None else long_limit

        def files_full() -> bool:
            return len(found[False]) >= limits[False]

        for entry in chain(queue.running, queue.order):
            begun = entry.status is VideoStatus.PROCESSING
            if waiting >= self._most_frames or (not begun and self._pace.full()):
                limits[False] = 0
            if files_full() and len(found[True]) >= live_limit:
                break
            video_id = entry.video_id
            if video_id in running or video_id in self._not_ours or (video_id in self._files and files_full()):
                continue
            no_place = is_long(entry.frames) and long_left <= 0
            if no_place and not begun:
                continue
            video = self._to_be_read(video_id) if video_id not in self._under_way else None
            if video is not None and not no_place and len(found[video.live]) < limits[video.live]:
                found[video.live].append(video)
                long_left -= is_long(entry.frames)
            waiting += self._under_way.get(video_id, (0.0, 0))[1]
        return [*found[True], *found[False]]

    def _queue(self, running: Collection[UUID]) -> Queue:
        """The open videos; what was claimed a moment ago runs, though its entry may not say so yet."""
        listed = list(islice(self._videos.open_listings(), MOST_LISTED))
        known = {entry.video_id for entry in listed}
        self._pace.still_open(known)
        now = self._clock()
        self._not_ours &= known
        self._files &= known
        listed_running = {entry.video_id for entry in listed if entry.status is VideoStatus.PROCESSING}
        self._under_way = {v: left for v, left in self._under_way.items() if left[0] > now and v in known}
        self._published = {v: all_ for v, all_ in self._published.items() if all_[0] > now and v in listed_running}
        self.frames = {entry.video_id: entry.frames for entry in listed}
        entries = [replace(e, status=VideoStatus.PROCESSING) if e.video_id in running else e for e in listed]
        return Queue(entries, self._shares())

    def _to_be_read(self, video_id: UUID) -> Video | None:
        """The video if somebody should read its source."""
        if video_id in self._published:
            self._count(video_id, self._published[video_id][1])
            return None
        video = self._videos.get(video_id)
        if video is None or video.status.terminal:
            return None
        if video.source not in SERVED and not (video.live and self._ready):
            self._not_ours.add(video_id)
            return None
        if not video.live:
            self._files.add(video_id)
        elif video.frames_expected is None and not self._may_begin(video):
            return None
        if video.frames_expected is not None:
            self._published[video_id] = self._clock() + KNOWN_SECONDS, video.frames_expected
            self._count(video_id, video.frames_expected)
            return None
        return video if self._videos.leaseholder(video_id) is None else None

    def _count(self, video_id: UUID, expected: int) -> None:
        """How many of its frames wait for analysis."""
        outcomes = count(self._results, video_id).total
        self._pace.note(video_id, outcomes)
        self._under_way[video_id] = self._clock() + COUNTED_SECONDS, max(0, expected - outcomes)

    def _may_begin(self, video: Video) -> bool:
        """A stream that has begun is gone on with, whoever sends; another begins when somebody does."""
        assert self._ready is not None
        return video.status is VideoStatus.PROCESSING or self._ready(video)
