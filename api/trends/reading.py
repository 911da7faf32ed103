"""Owns reading the digests of a span of wall-clock time as they are kept: nothing is made anew from rows."""

from collections.abc import Iterator, Sequence

from api.services import Services
from api.trends.steps import Span
from pipeline.contracts.videos import Video
from pipeline.digests.digest import Digest
from pipeline.stores.digests import KeptDigest
from pipeline.stores.results import BucketSummary, walk
from pipeline.stores.rows import ResultQuery

TOGETHER = 32
MOST_BUCKETS = 2000
"""Digests that one question reads, a few milliseconds each."""


class SpanReading:
    """Reads the digests of one video after another, until so many have been read for a question.

    Afterwards `left_out` says how many frames were not looked at: their digests are still to be made or to be brought
    up to date, or there were too many.
    """

    def __init__(self, services: Services, span: Span, most: int = MOST_BUCKETS) -> None:
        self._services = services
        self._start, self._end = span.start.timestamp(), span.end.timestamp()
        self._left = most
        self.left_out = 0

    def origin(self, video: Video) -> float:
        """Where media time 0 is, in seconds since 1970: at the first capture, or for a file when it was submitted."""
        first = next(walk(self._services.results, video.video_id, ResultQuery(), 1), None) if video.live else None
        if first is None or first.captured_at is None:
            return video.created_at.timestamp()
        return first.captured_at.timestamp() - first.media_time

    def digests(self, video: Video, origin: float) -> Iterator[Digest]:
        """Those of the buckets that have frames in the span."""
        summaries = self._services.results.summaries(video.video_id)
        wanted = [s for s in summaries if _overlaps(s, self._start - origin, self._end - origin)]
        for start in range(0, len(wanted), TOGETHER):
            yield from self._kept(video, wanted[start : start + TOGETHER])

    def _kept(self, video: Video, summaries: Sequence[BucketSummary]) -> Iterator[Digest]:
        looked_at = summaries[: self._left]
        self._left -= len(looked_at)
        kept = self._services.digests.read(video.video_id, [s.bucket for s in looked_at]) if looked_at else ()
        found = {known.digest.bucket: known for known in kept}
        self.left_out += sum(_not_in(found.get(s.bucket), s) for s in summaries)
        yield from (known.digest for known in found.values())


def _not_in(kept: KeptDigest | None, summary: BucketSummary) -> int:
    """How many analysed frames a digest does not know yet."""
    if kept is not None and kept.stamp.revision >= summary.revision:
        return 0
    return max(0, summary.count.done - (0 if kept is None else len(kept.digest.frames)))


def _overlaps(summary: BucketSummary, media_from: float, media_to: float) -> bool:
    first, last = summary.first_media_time, summary.last_media_time
    return first is not None and last is not None and last >= media_from and first <= media_to
