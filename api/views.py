"""Owns how a video and its rows are shown: state, counts and progress gathered from the stores."""

from datetime import UTC, datetime
from typing import Literal

from api.responses import (
    DetectionAnswer,
    FrameCounts,
    MissingRange,
    ProblemAnswer,
    ResultAnswer,
    Stage,
    TaskAnswer,
    VideoAnswer,
)
from api.services import Services
from pipeline.completion import missing
from pipeline.contracts.results import ResultRow
from pipeline.contracts.urls import redact_url
from pipeline.contracts.videos import LedgerCount, SourceKind, SourceProgress, Video, VideoStatus
from pipeline.result_store import count

UNKNOWN_CAP = 0.99
"""Progress by estimate never says more than this."""


def video_answer(services: Services, video: Video) -> VideoAnswer:
    """A video as the API shows it."""
    progress = services.videos.progress(video.video_id).of_attempt(video.attempt)
    counted = count(services.results, video.video_id)
    stopped = video.status in (VideoStatus.FAILED, VideoStatus.CANCELLED)
    gaps = missing(services.videos, services.results, video) if stopped else ()
    share = _share(video, progress, counted)
    path = f"/analysis/{video.video_id}"
    return VideoAnswer(
        video_id=video.video_id,
        video_name=video.video_name,
        video_url=redact_url(video.source_url) if video.source is not SourceKind.UPLOAD else None,
        source=video.source,
        status=video.status,
        models_to_run=[TaskAnswer.model_validate(task) for task in video.tasks],
        frame_step=video.sampling.frame_step,
        frame_ratio=video.sampling.frame_ratio,
        sample_seconds=video.sampling.sample_seconds,
        start_time=video.sampling.start_time,
        end_time=video.sampling.end_time,
        created_at=video.created_at,
        started_at=video.started_at,
        finished_at=video.finished_at,
        duration=progress.duration,
        fps=progress.fps,
        width=progress.width,
        height=progress.height,
        frames=FrameCounts(
            expected=video.frames_expected,
            published=max(progress.frames_published, counted.total),
            done=counted.done,
            failed=counted.failed,
            dropped=progress.frames_dropped,
        ),
        missing=[MissingRange(from_=gap.first, to=gap.last) for gap in gaps],
        warnings=_warnings(services, video, progress, counted),
        stages=_stages(video, progress),
        progress=share,
        eta_seconds=_eta(video, share),
        error=ProblemAnswer.model_validate(video.error) if video.error else None,
        tags=sorted(video.tags),
        external_id=video.external_id,
        callback_url=redact_url(video.callback_url) if video.callback_url else None,
        store_frames=video.store_frames,
        attempt=video.attempt,
        status_url=path,
        results_url=f"{path}/results",
    )


def result_answer(row: ResultRow) -> ResultAnswer:
    """A row as the API shows it."""
    return ResultAnswer(
        **{name: getattr(row, name) for name in ResultAnswer.model_fields if name not in ("frame_url", "detections")},
        frame_url=f"/analysis/{row.video_id}/frame/{row.frame_number}",
        detections=[DetectionAnswer.model_validate(d) for d in row.detections],
    )


def _share(video: Video, progress: SourceProgress, counted: LedgerCount) -> float | None:
    if video.status is VideoStatus.COMPLETED:
        return 1.0
    if video.status is VideoStatus.PENDING:
        return 0.0
    if video.frames_expected:
        return min(1.0, counted.total / video.frames_expected)
    estimate = _estimate(video, progress)
    if estimate is None:
        return None
    return min(UNKNOWN_CAP, counted.total / max(estimate, progress.frames_published, 1))


def _estimate(video: Video, progress: SourceProgress) -> float | None:
    """Sampled frames to expect, by what the container says of its duration and rate."""
    if progress.duration is None or progress.fps is None:
        return None
    sampling = video.sampling
    ends = [t for t in (progress.duration, sampling.end_time) if t is not None]
    seconds = max(0.0, min(ends) - (sampling.start_time or 0))
    if sampling.sample_seconds:
        return seconds / sampling.sample_seconds
    return seconds * progress.fps * (sampling.frame_ratio or 1 / (sampling.frame_step or 1))


def _eta(video: Video, share: float | None) -> float | None:
    if video.status is not VideoStatus.PROCESSING or not share or video.started_at is None:
        return None
    elapsed = (datetime.now(UTC) - video.started_at).total_seconds()
    return round(elapsed / share * (1 - share), 1)


def _warnings(services: Services, video: Video, progress: SourceProgress, counted: LedgerCount) -> list[str]:
    found = list(progress.warnings)
    if counted.failed:
        reason = services.results.failure_reason(video.video_id) or "no reason was recorded"
        found.append(f"{counted.failed} frames failed; the first: {reason}")
    return found


def _stages(video: Video, progress: SourceProgress) -> list[Stage]:
    downloading = (progress.download_started_at, progress.download_finished_at)
    decoding = (progress.decode_started_at, progress.decode_finished_at)
    analysing = (progress.decode_started_at, video.finished_at if video.status is VideoStatus.COMPLETED else None)
    return [
        _stage("downloading", *downloading, video.status),
        _stage("decoding", *decoding, video.status),
        _stage("analysing", *analysing, video.status),
    ]


def _stage(
    name: Literal["downloading", "decoding", "analysing"],
    started: datetime | None,
    finished: datetime | None,
    status: VideoStatus,
) -> Stage:
    if finished is not None:
        return Stage(name=name, state="done", started_at=started, finished_at=finished)
    if status.terminal:
        return Stage(name=name, state="stopped", started_at=started, finished_at=None)
    state: Literal["running", "waiting"] = "running" if started is not None else "waiting"
    return Stage(name=name, state=state, started_at=started, finished_at=None)
