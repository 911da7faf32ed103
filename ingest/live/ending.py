"""Owns how many frames are expected of a live video, once it has ended or begins another attempt."""

from collections.abc import Iterable

from pipeline.contracts.videos import Video
from pipeline.stores.results import ResultStore
from pipeline.stores.videos import VideoStore

FIRST = 1


def expected(videos: VideoStore, results: ResultStore, video: Video) -> tuple[int, int]:
    """How many frames were taken and not left out, and the number of the last; what is known of them is put right.

    A process that died may have sent frames that it had not written down: those that have an outcome were sent.
    """
    total = last = 0
    counted = {summary.bucket: summary.count.total for summary in results.summaries(video.video_id)}
    for bucket in sorted({*counted, *videos.sampled_buckets(video.video_id)}):
        sampled = videos.sampled(video.video_id, bucket)
        if counted.get(bucket, 0) > 0:
            sampled = _with(videos, video, bucket, sampled, results.outcomes(video.video_id, bucket))
        total += len(sampled)
        last = max(last, *sampled, 0)
    return total, last


def _with(
    videos: VideoStore, video: Video, bucket: int, sampled: tuple[int, ...], known: Iterable[int]
) -> tuple[int, ...]:
    """The sampled frames and these; written down where that is more."""
    every = tuple(sorted({*sampled, *known}))
    if every != sampled:
        videos.save_sampled(video.video_id, bucket, every)
    return every


def begin_again(videos: VideoStore, results: ResultStore, video: Video) -> int:
    """Keep of earlier attempts what has a good outcome: nothing else can be had again. How many frames those are."""
    if video.attempt == FIRST:
        return 0
    kept = 0
    counted = {summary.bucket for summary in results.summaries(video.video_id)}
    for bucket in sorted({*counted, *videos.sampled_buckets(video.video_id)}):
        known = results.reopen(video.video_id, bucket, video.attempt_timestamp)
        videos.save_sampled(video.video_id, bucket, sorted(known))
        kept += len(known)
    return kept
