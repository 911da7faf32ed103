"""Owns how a video and its rows are shown: state, counts and progress gathered from the stores."""

from fastapi import Response

from api.progress import standing
from api.responses import (
    DetectionAnswer,
    GapAnswer,
    IdentificationAnswer,
    MissingRange,
    ProblemAnswer,
    ResultAnswer,
    TaskAnswer,
    VideoAnswer,
)
from api.services import Services
from pipeline.completion import missing
from pipeline.contracts.captures import CAPTURED
from pipeline.contracts.results import ResultRow
from pipeline.contracts.urls import redact_url
from pipeline.contracts.videos import LedgerCount, SourceProgress, Video, VideoStatus
from pipeline.stores.pushed import PUSHED

UPLOADED = "upload:"
"""How the source of a video begins that came as a file, its re-analyses' too: there is no address to show."""


def video_answer(services: Services, video: Video) -> VideoAnswer:
    """A video as the API shows it."""
    progress = services.videos.progress(video.video_id).of_attempt(video.attempt)
    stands = standing(services, video, progress)
    stopped = video.status in (VideoStatus.FAILED, VideoStatus.CANCELLED)
    gaps = missing(services.videos, services.results, video) if stopped else ()
    path = f"/analysis/{video.video_id}"
    return VideoAnswer(
        video_id=video.video_id,
        video_name=video.video_name,
        video_url=None if video.source_url.startswith((UPLOADED, PUSHED, CAPTURED)) else redact_url(video.source_url),
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
        codec=progress.codec,
        frames=stands.frames,
        missing=[MissingRange(from_=gap.first, to=gap.last) for gap in gaps],
        gaps=[GapAnswer(from_=gap.started_at, to=gap.ended_at, reason=gap.reason) for gap in progress.gaps],
        connected=progress.connected if video.live and not video.status.terminal else None,
        lag_seconds=progress.lag_seconds if video.live and not video.status.terminal else None,
        keep=video.keep if video.live else None,
        warnings=_warnings(services, video, progress, stands.counted),
        stages=stands.stages,
        progress=stands.share,
        rate=stands.rate,
        position=stands.position,
        eta_seconds=stands.eta_seconds,
        error=ProblemAnswer.model_validate(video.error) if video.error else None,
        tags=sorted(video.tags),
        external_id=video.external_id,
        callback_url=redact_url(video.callback_url) if video.callback_url else None,
        store_frames=video.store_frames,
        identification=IdentificationAnswer.model_validate(video.identification) if video.identification else None,
        attempt=video.attempt,
        parent_id=video.parent_id,
        status_url=path,
        results_url=f"{path}/results",
    )


def accepted(services: Services, video: Video, response: Response) -> VideoAnswer:
    """A video that was taken; `Location` says where to ask how it stands."""
    response.headers["Location"] = f"/analysis/{video.video_id}"
    return video_answer(services, video)


def result_answer(row: ResultRow) -> ResultAnswer:
    """A row as the API shows it."""
    return ResultAnswer(
        **{name: getattr(row, name) for name in ResultAnswer.model_fields if name not in ("frame_url", "detections")},
        frame_url=f"/analysis/{row.video_id}/frame/{row.frame_number}",
        detections=[DetectionAnswer.model_validate(d) for d in row.detections],
    )


def _warnings(services: Services, video: Video, progress: SourceProgress, counted: LedgerCount) -> list[str]:
    found = list(progress.warnings)
    if counted.failed:
        reason = services.results.failure_reason(video.video_id) or "no reason was recorded"
        found.append(f"{counted.failed} frames failed; the first: {reason}")
    if video.veiled_at is not None:
        found.append(
            f"since {video.veiled_at:%Y-%m-%d %H:%M:%S} UTC all faces are hidden in stored frames and no vectors of "
            "faces are kept: somebody was erased who had been found here; submit it again to have frames as before"
        )
    return found
