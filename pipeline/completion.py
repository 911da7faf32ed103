"""Owns when a video has ended: the ledger is full, which is proven by counting it anew."""

import logging
from uuid import UUID

from pipeline.contracts.errors import NotFound, Problem
from pipeline.contracts.videos import FrameRange, LedgerCount, Video, VideoStatus, ranges
from pipeline.observing.logs import about
from pipeline.observing.tracing import span
from pipeline.stores.results import ResultStore, count
from pipeline.stores.videos import VideoStore


def complete_if_full(videos: VideoStore, results: ResultStore, video_id: UUID) -> bool:
    """End a processing video whose every sampled frame has an outcome; whether this call ended it.

    Anybody may call it after writing: ingest, the results sink and the sweeper do. A video of which every frame
    failed has failed. What was counted holds for the attempt that it was counted in.
    """
    video = videos.get(video_id)
    if video is None or video.status is not VideoStatus.PROCESSING or video.frames_expected is None:
        return False
    if count(results, video_id).total < video.frames_expected:
        return False
    results.recount(video_id, videos.sampled_buckets(video_id))
    counted = count(results, video_id)
    if counted.total < video.frames_expected:
        return False
    with about(video.request_id, video_id), span("complete", video.traceparent, attributes=_noted(video)):
        try:
            ended = _end(videos, results, video, counted)
        except NotFound:  # deleted at this moment
            ended = False
        if ended:
            logging.getLogger(__name__).info("video %s: every frame has an outcome", video_id)
    return ended


def _noted(video: Video) -> dict[str, str]:
    return {"framewise.video_id": str(video.video_id)}


def _end(videos: VideoStore, results: ResultStore, video: Video, counted: LedgerCount) -> bool:
    video_id = video.video_id
    if counted.done == 0:
        reason = results.failure_reason(video_id) or "no reason was recorded"
        detail = f"all {counted.failed} frames failed; the first: {reason}"
        return videos.transition(
            video_id,
            VideoStatus.FAILED,
            Problem("analysis-failed", "No frame could be analysed", detail),
            video.attempt,
        )
    return videos.transition(video_id, VideoStatus.COMPLETED, attempt=video.attempt)


def missing(videos: VideoStore, results: ResultStore, video: Video, limit: int = 100) -> tuple[FrameRange, ...]:
    """The sampled frames without an outcome, as at most `limit` ranges; a bucket at a time is in memory."""
    counts = {s.bucket: s.count.total for s in results.summaries(video.video_id)}
    found: list[FrameRange] = []
    for bucket in videos.sampled_buckets(video.video_id):
        sampled = videos.sampled(video.video_id, bucket)
        if counts.get(bucket, 0) >= len(sampled):
            continue
        known = results.outcomes(video.video_id, bucket)
        found.extend(ranges(sampled, (n for n in sampled if n not in known)))
        if len(found) >= limit:
            break
    return tuple(found[:limit])
