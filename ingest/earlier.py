"""Owns what earlier attempts have left of a video: which frames need no analysis any more."""

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.videos import Video
from pipeline.stores.results import ResultStore
from pipeline.stores.videos import VideoStore

FIRST = 1


class EarlierOutcomes:
    """The frames with an outcome that stays, a bucket at a time. Of a first attempt there are none. For one thread."""

    def __init__(self, videos: VideoStore, results: ResultStore, video: Video) -> None:
        self._videos = videos
        self._results = results
        self._video = video
        self._counts: dict[int, int] = {}
        self._bucket = -1
        self._done: frozenset[int] = frozenset()
        self._left = 0

    def reopen(self) -> None:
        """Forget what failed; once, before frames are read. Raises StoreUnavailable."""
        if self._video.attempt == FIRST:
            return
        known = (summary.bucket for summary in self._results.summaries(self._video.video_id))
        for bucket in sorted({*known, *self._videos.sampled_buckets(self._video.video_id)}):
            self._counts[bucket] = len(self._reopened(bucket))

    def has(self, frame_number: int) -> bool:
        """Whether a frame has its outcome; give every sampled frame, ascending."""
        if self._video.attempt == FIRST:
            return False
        if (bucket := bucket_of(frame_number)) != self._bucket:
            self._bucket, self._done = bucket, self._reopened(bucket)
            self._left = len(self._done)
        self._left -= frame_number in self._done
        return frame_number in self._done

    @property
    def ahead(self) -> int:
        """How many outcomes there are of frames not asked for yet: they say nothing of those under way."""
        return self._left + sum(count for bucket, count in self._counts.items() if bucket > self._bucket)

    def _reopened(self, bucket: int) -> frozenset[int]:
        return self._results.reopen(self._video.video_id, bucket, self._video.attempt_timestamp)
