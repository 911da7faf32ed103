"""Owns the frontier: the frame up to which no result of an attempt will come any more, so that rows have an order."""

from uuid import UUID

from pipeline.contracts.videos import Video
from pipeline.stores.results import ResultStore, write_timestamp
from pipeline.stores.videos import VideoStore

BUCKETS_AT_ONCE = 20


class Frontier:
    """How far every sampled frame of a video has its outcome; it never goes back within an attempt.

    Relies on ingest writing the sampled frames in their order, never fewer than before: those of a bucket are complete
    once a later bucket has some. What is behind is not read again. For one thread at a time.
    """

    def __init__(self, videos: VideoStore, results: ResultStore, video_id: UUID) -> None:
        self._videos = videos
        self._results = results
        self._video_id = video_id
        self._attempt = 0
        self._bucket = 0
        self._frame_number = 0

    def advance(self, video: Video) -> int:
        """The frame number up to which rows are there for good; looks at some buckets more each time."""
        if video.attempt_timestamp != self._attempt:
            self._attempt, self._bucket, self._frame_number = video.attempt_timestamp, 0, 0
        ahead = [bucket for bucket in self._videos.sampled_buckets(self._video_id) if bucket >= self._bucket]
        for self._bucket in ahead[:BUCKETS_AT_ONCE]:
            if not self._passes(video):
                break
        return self._frame_number

    def _passes(self, video: Video) -> bool:
        """Whether every frame of the bucket that is known has its outcome; goes up to the first that has none."""
        sampled = self._videos.sampled(self._video_id, self._bucket)
        settled = self._settled(video)
        waits = next((number for number in sampled if number not in settled), None)
        behind = waits - 1 if waits is not None else max(sampled, default=0)
        self._frame_number = max(self._frame_number, behind)
        return waits is None

    def _settled(self, video: Video) -> set[int]:
        """Frames with an outcome that stays: failures of an earlier attempt are tried again."""
        outcomes = self._results.outcomes(self._video_id, self._bucket)
        if video.attempt == 1 or not any(outcomes.values()):
            return set(outcomes)
        own = write_timestamp(video.attempt_timestamp, failed=True)
        entries = self._results.entries(self._video_id, self._bucket)
        tried = {entry.frame_number for entry in entries if entry.failed and entry.write_timestamp >= own}
        return tried | {number for number, failed in outcomes.items() if not failed}
