"""Owns how far a video is: its share, its stages with their times, its rate, its place in the queue and its wait."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Literal

from api.marks import Mark
from api.responses import FrameCounts, Stage
from api.services import Services
from pipeline.contracts.videos import LedgerCount, SourceProgress, Video, VideoStatus
from pipeline.queue import OLD_SECONDS, Queue, expected_frames, seconds_left, seconds_until_done
from pipeline.stores.results import BucketSummary, WorkTimes
from pipeline.stores.speed import Speed

UNKNOWN_CAP = 0.99
"""Progress by estimate never says more than this."""
MARGIN = 1.1
"""A container may say less than it holds: by so much more is expected, rather than to promise too much."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a video is, as it is shown."""

    counted: LedgerCount
    frames: FrameCounts
    stages: list[Stage]
    share: float | None
    rate: float | None
    position: int | None
    eta_seconds: float | None


def standing(services: Services, video: Video, progress: SourceProgress) -> Standing:
    """How far a video is now; raises StoreUnavailable. Within an attempt, nothing of it falls."""
    summaries = services.results.summaries(video.video_id)
    counted = sum((summary.count for summary in summaries), LedgerCount())
    now = Mark(_share(video, progress, counted), max(progress.frames_published, counted.total))
    mark = services.marks.raised(video.video_id, video.attempt, now)
    speed = None if video.status.terminal else services.queue.speed()
    queue = services.queue.queue(pending=video) if video.status is VideoStatus.PENDING else None
    place = queue.place(video) if queue is not None else None
    return Standing(
        counted,
        FrameCounts(
            expected=video.frames_expected,
            published=mark.published,
            done=counted.done,
            failed=counted.failed,
            dropped=progress.frames_dropped,
        ),
        _stages(video, progress, counted, summaries),
        mark.share,
        _rate(video, speed),
        place.position if place else None,
        _until_done(queue, video, speed) if queue is not None else _left(video, progress, counted, speed),
    )


def _share(video: Video, progress: SourceProgress, counted: LedgerCount) -> float | None:
    if video.status is VideoStatus.COMPLETED:
        return 1.0
    if video.frames_expected:
        return min(1.0, counted.total / video.frames_expected)
    estimate = expected_frames(video, progress)
    if estimate is None:
        return 0.0 if video.status is VideoStatus.PENDING else None
    return min(UNKNOWN_CAP, counted.total / (MARGIN * max(estimate + 1, progress.frames_published)))


def _rate(video: Video, speed: Speed | None) -> float | None:
    if speed is None or (datetime.now(UTC) - speed.observed_at).total_seconds() > OLD_SECONDS:
        return None
    rate = speed.video_rates.get(video.video_id)
    return None if rate is None else round(rate, 2)


def _until_done(queue: Queue, video: Video, speed: Speed | None) -> float | None:
    """Of a pending video; None where nothing is known, or while it is being taken."""
    place = queue.place(video)
    seconds = seconds_until_done(queue, place, speed) if place is not None else None
    return None if seconds is None else round(seconds, 1)


def _left(video: Video, progress: SourceProgress, counted: LedgerCount, speed: Speed | None) -> float | None:
    """Of one that runs."""
    whole = expected_frames(video, progress) if video.status is VideoStatus.PROCESSING else None
    if whole is None:
        return None
    frames = max(whole, progress.frames_published) - counted.total
    seconds = seconds_left(video.video_id, frames, speed, datetime.now(UTC))
    return None if seconds is None else round(seconds, 1)


def _stages(
    video: Video, progress: SourceProgress, counted: LedgerCount, summaries: list[BucketSummary]
) -> list[Stage]:
    times = reduce(WorkTimes.joined, (summary.times for summary in summaries), WorkTimes())
    full = video.status is VideoStatus.COMPLETED or 0 < (video.frames_expected or 0) <= counted.total
    analysed = (times.analysis_finished_at or video.finished_at) if full else None
    stored = (times.last_stored_at or video.finished_at) if full else None
    return [
        _stage("downloading", progress.download_started_at, progress.download_finished_at, video.status),
        _stage("decoding", progress.decode_started_at, progress.decode_finished_at, video.status),
        _stage("analysing", times.analysis_started_at, analysed, video.status),
        _stage("storing", times.first_stored_at, stored, video.status),
    ]


def _stage(
    name: Literal["downloading", "decoding", "analysing", "storing"],
    started: datetime | None,
    finished: datetime | None,
    status: VideoStatus,
) -> Stage:
    if status is VideoStatus.PENDING:
        return Stage(name=name, state="waiting", started_at=None, finished_at=None)
    if finished is not None:
        return Stage(name=name, state="done", started_at=started, finished_at=finished)
    if status.terminal:
        return Stage(name=name, state="stopped", started_at=started, finished_at=None)
    state: Literal["running", "waiting"] = "running" if started is not None else "waiting"
    return Stage(name=name, state=state, started_at=started, finished_at=None)
