"""Owns what follows the results: digests of the buckets that have changed, and the entries of the search."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video
from pipeline.digests.making import make, mark_of
from pipeline.digests.totals import LabelTotal, summed
from pipeline.queue import MOST_LISTED
from pipeline.stores.digests import DigestStore, Stamp
from pipeline.stores.results import BucketSummary, ChangedBucket, ResultStore
from pipeline.stores.search import SearchEntry, SearchIndex
from pipeline.stores.videos import VideoStore, still_open

ROUND_SECONDS = 2.0
SHARE_OF_TIME = 5
GROWING_SECONDS = 60.0
"""So long the last bucket of a video that runs is left alone: its rows are read as a whole each time.

A summary makes what it lacks itself; a search knows of a running video's newest frames that much later.
"""
CHANGING_SECONDS = 6.0
"""A bucket of a video that runs is left alone, too, until it has not been counted anew for so long."""
AGAIN_SECONDS = 10.0
"""A video that runs, of which nothing was due, is looked at again so much later, or when it has ended."""
MOST_CHANGED = 2000
MOST_ENTRIES = 300
MOST_COLORS = 8
UNCOUNTED_SECONDS = 60.0
"""So long a change that was announced may take until it is counted; whoever announced it has died then."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Indexed:
    """The stores that an indexer reads and writes."""

    videos: VideoStore
    results: ResultStore
    digests: DigestStore
    search: SearchIndex


class Indexer:
    """Goes through the changed buckets every few seconds. Several may do the same work; nothing is lost by a crash.

    A bucket is taken off the list when its digest and the video's entries are kept, and not if it has changed again.
    """

    def __init__(
        self,
        stores: Indexed,
        clock: Callable[[], float] = time.monotonic,
        changing_seconds: float = CHANGING_SECONDS,
        first_seconds: float = GROWING_SECONDS,
    ) -> None:
        """A bucket of a file that grows is not digested at all for the first of so many seconds."""
        self._stores = stores
        self._changing_seconds = changing_seconds
        self._first_seconds = first_seconds
        self._clock = clock
        self._put_off: dict[UUID, float] = {}
        self._stop = threading.Event()

    def run(self) -> None:
        """Index until `stop`; takes at most a fifth of the time."""
        pause = ROUND_SECONDS
        while not self._stop.wait(pause):
            began = self._clock()
            try:
                self.index()
            except FramewiseError as e:
                logger.warning("indexing is put off: %s", e)
            except Exception:
                logger.exception("an error while indexing")
            pause = max(ROUND_SECONDS, (SHARE_OF_TIME - 1) * (self._clock() - began))

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def index(self) -> None:
        """One round; raises StoreError."""
        listed = self._stores.results.changed(MOST_CHANGED)
        left_alone = self._left_alone()
        for video_id, changed in groupby(listed, key=lambda bucket: bucket.video_id):
            if self._stop.is_set():
                return
            if video_id not in left_alone:
                self._index(video_id, list(changed))

    def _left_alone(self) -> set[UUID]:
        """Videos of which nothing was due a moment ago, and which have not ended."""
        now = self._clock()
        self._put_off = {video_id: until for video_id, until in self._put_off.items() if until > now}
        return still_open(self._stores.videos, self._put_off, MOST_LISTED)

    def _index(self, video_id: UUID, changed: Sequence[ChangedBucket]) -> None:
        video = self._stores.videos.get(video_id)
        if video is None:
            self._forget(video_id, changed)
            return
        summaries = {s.bucket: s for s in self._stores.results.summaries(video_id)}
        counted = [c for c in changed if _is_counted(c, summaries.get(c.bucket))]
        due = [summaries[c.bucket] for c in counted if c.bucket in summaries]
        growing = frozenset() if video.status.terminal else _growing(summaries.values(), self._changing_seconds)
        done = list(self._digested(video, due, growing))
        if done or len(due) < len(counted):
            revision = max(*(s.revision for s in summaries.values()), *(c.revision for c in counted), 0)
            self._enter(video, list(summaries), revision)
        elif not video.status.terminal:
            self._put_off[video_id] = self._clock() + AGAIN_SECONDS
        if self._stores.videos.get(video_id) is None:
            self._forget(video_id, changed)
        else:
            self._stores.results.settle([c for c in counted if c.bucket in done or c.bucket not in summaries])

    def _forget(self, video_id: UUID, changed: Sequence[ChangedBucket]) -> None:
        """What was written of a video while it was deleted, or is announced of one that is gone."""
        self._stores.search.forget(video_id)
        self._stores.digests.remove(video_id, [c.bucket for c in changed])
        self._stores.results.settle(changed)

    def _digested(self, video: Video, summaries: Sequence[BucketSummary], growing: Collection[int]) -> Iterator[int]:
        """Bring digests up to date, one after the other; those of buckets that grow, now and then."""
        video_id, live = video.video_id, video.live
        stamps = self._stores.digests.stamps(video_id, [s.bucket for s in summaries])
        for summary in summaries:
            if self._stop.is_set():
                return
            known = stamps.get(summary.bucket)
            if summary.bucket not in growing or self._is_due(summary, known, live):
                self._digest(video_id, summary, known)
                yield summary.bucket

    def _is_due(self, summary: BucketSummary, known: Stamp | None, live: bool) -> bool:
        """Whether a bucket that grows is digested all the same; of a short file never: it has ended by then."""
        now = time.time()
        if known is not None:
            return known.revision < (now - GROWING_SECONDS) * 1e6
        first = summary.times.first_stored_at
        return live or first is None or first.timestamp() <= now - self._first_seconds

    def _digest(self, video_id: UUID, summary: BucketSummary, known: Stamp | None) -> None:
        if known is not None and known.revision == summary.revision:
            return
        if known is not None and known.mark == mark_of(self._stores.results, video_id, summary.bucket):
            self._stores.digests.confirm(video_id, summary.bucket, summary.revision)
            return
        self._stores.digests.save(video_id, make(self._stores.results, video_id, summary))

    def _enter(self, video: Video, buckets: Sequence[int], revision: int) -> None:
        totals = summed(self._stores.digests.totals(video.video_id, buckets))
        entries = [_entry(video, total) for total in worth_finding(totals)]
        self._stores.search.replace(video.video_id, entries, revision)


def worth_finding(totals: Sequence[LabelTotal]) -> list[LabelTotal]:
    """The labels that a search finds: of colours the main ones, of others those in most frames."""
    colors = [total for total in totals if total.task is TaskName.COLORS]
    others = [total for total in totals if total.task is not TaskName.COLORS]
    return [*others[:MOST_ENTRIES], *sorted(colors, key=lambda total: -total.confidences)[:MOST_COLORS]]


def _entry(video: Video, total: LabelTotal) -> SearchEntry:
    return SearchEntry(
        video.video_id,
        video.created_at,
        total.task,
        total.label,
        total.model,
        total.frames,
        total.first_media_time,
        total.last_media_time,
        total.max_confidence,
    )


def _growing(summaries: Collection[BucketSummary], seconds: float) -> frozenset[int]:
    """The buckets of a video that runs to which more frames come: the last, and those that were counted just now."""
    lately = (time.time() - seconds) * 1e6
    newest = max((summary.bucket for summary in summaries), default=None)
    return frozenset(s.bucket for s in summaries if s.bucket == newest or s.revision > lately)


def _is_counted(changed: ChangedBucket, summary: BucketSummary | None) -> bool:
    """Whether the count that a change announces is there, or will not come any more."""
    old = changed.revision < (time.time() - UNCOUNTED_SECONDS) * 1e6
    return old or (summary is not None and summary.revision >= changed.revision)
