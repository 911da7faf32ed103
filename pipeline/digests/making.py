"""Owns how digests are made from rows and how right ones are read: kept ones where they are, new ones where not."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from uuid import UUID

from pipeline.contracts.frames import BUCKET_FRAMES
from pipeline.digests.digest import Digest, digest_of
from pipeline.stores.digests import DigestStore, KeptDigest, Stamp
from pipeline.stores.results import BucketSummary, ResultStore, walk
from pipeline.stores.rows import ResultQuery

CACHE_BYTES = 64 * 2**20
MOST_MADE = 30
"""How many digests one reading makes anew from rows, about a tenth of a second each, before it leaves frames out."""
TOGETHER = 32
"""Buckets that are asked of the store in one go."""

Place = tuple[UUID, int]


def mark_of(results: ResultStore, video_id: UUID, bucket: int) -> str:
    """Tells the rows of a bucket from other ones, by its ledger: a row that is written again is entered again."""
    entered = [(e.frame_number, e.stored_at, e.write_timestamp) for e in results.entries(video_id, bucket)]
    return hashlib.sha256(repr(entered).encode()).hexdigest()[:32]


def make(results: ResultStore, video_id: UUID, summary: BucketSummary) -> KeptDigest:
    """The digest of a bucket as its rows are now. The summary was read before: what comes later changes it."""
    mark = mark_of(results, video_id, summary.bucket)
    first = summary.bucket * BUCKET_FRAMES + 1
    query = ResultQuery(frame_from=first, frame_to=first + BUCKET_FRAMES - 1)
    digest = digest_of(summary.bucket, walk(results, video_id, query))
    return KeptDigest(Stamp(summary.revision, mark), digest)


class DigestCache:
    """The digests that were read last, up to so many bytes. Safe for threads."""

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Place, tuple[int, Digest]] = OrderedDict()

    def get(self, place: Place, revision: int) -> Digest | None:
        """The digest of a bucket at this revision."""
        with self._lock:
            known, digest = self._kept.get(place, (None, None))
            if known != revision:
                return None
            self._kept.move_to_end(place)
            return digest

    def put(self, place: Place, revision: int, digest: Digest) -> None:
        """Keep one in place of an older one; those used least go."""
        with self._lock:
            self._drop(place)
            self._kept[place] = revision, digest
            self._bytes += digest.size
            while self._bytes > self._most:
                self._drop(next(iter(self._kept)))

    def _drop(self, place: Place) -> None:
        if place in self._kept:
            self._bytes -= self._kept.pop(place)[1].size


class Reading:
    """One reading of a video's digests, ascending; iterate once.

    Afterwards `left_out` says how many frames were not looked at, since their digests are still to be made.
    """

    def __init__(
        self, results: ResultStore, digests: DigestStore, cache: DigestCache, video_id: UUID, most_made: int = MOST_MADE
    ) -> None:
        self._results = results
        self._digests = digests
        self._cache = cache
        self._video_id = video_id
        self._to_make = most_made
        self.left_out = 0

    def __iter__(self) -> Iterator[Digest]:
        return self.within(None, None)

    def within(self, time_from: float | None, time_to: float | None) -> Iterator[Digest]:
        """Those of the buckets that have frames in this span of media time, given in seconds."""
        wanted = [s for s in self._results.summaries(self._video_id) if _overlaps(s, time_from, time_to)]
        for start in range(0, len(wanted), TOGETHER):
            yield from self._right(wanted[start : start + TOGETHER])

    def _right(self, summaries: Sequence[BucketSummary]) -> Iterator[Digest]:
        found = {s.bucket: self._cache.get((self._video_id, s.bucket), s.revision) for s in summaries}
        kept = self._kept([s for s in summaries if found[s.bucket] is None])
        for summary in summaries:
            digest = found[summary.bucket] or self._take(summary, kept)
            if digest is not None:
                yield digest

    def _kept(self, summaries: Sequence[BucketSummary]) -> dict[int, KeptDigest]:
        read = self._digests.read(self._video_id, [s.bucket for s in summaries]) if summaries else ()
        return {kept.digest.bucket: kept for kept in read}

    def _take(self, summary: BucketSummary, kept: dict[int, KeptDigest]) -> Digest | None:
        known = kept.get(summary.bucket)
        if known is None or known.stamp.revision != summary.revision:
            if self._to_make == 0:
                self.left_out += summary.count.total
                return None
            self._to_make -= 1
            known = make(self._results, self._video_id, summary)
        self._cache.put((self._video_id, summary.bucket), summary.revision, known.digest)
        return known.digest


def _overlaps(summary: BucketSummary, time_from: float | None, time_to: float | None) -> bool:
    first, last = summary.first_media_time, summary.last_media_time
    return (
        first is not None
        and last is not None
        and (time_from is None or last >= time_from)
        and (time_to is None or first <= time_to)
    )
