"""Owns the re-analysis of a video: a video of its own, made of the stored frames of another."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import CallerDep, KnownVideo, NoQuery, ServicesDep
from api.origin import Origin, OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.requests import AnalysisOptions, RerunRequest
from api.responses import VideoAnswer
from api.room import check_room
from api.services import Services
from api.submission import claim_id, earlier, fingerprint_of, new_video, submit
from api.tracks.bodies import shown_regions
from api.views import accepted
from api.webhooks.plan import check_callback
from pipeline.contracts.errors import Conflict
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.videos import SourceKind, Video

router = APIRouter(prefix="/analysis/{video_id}", tags=["submit"], dependencies=[NoQuery])


class NothingStored(Conflict):
    """A video without stored frames."""

    type = "nothing-stored"
    title = "No frame is stored"


@router.post(
    "/rerun",
    status_code=202,
    operation_id="rerun_analysis",
    summary="Analyse a video's stored frames again",
    responses=documented(404, 409, 413, 429),
)
def rerun(
    services: ServicesDep,
    caller: CallerDep,
    origin: OriginDep,
    parent: KnownVideo,
    body: RerunRequest,
    response: Response,
) -> VideoAnswer:
    """A new video with the same frame numbers and times and with other models, thresholds or fewer frames; nothing is
    downloaded or decoded again. The given video must have ended. `parent_id` names it.
    """
    asked = fingerprint_of("rerun", body, str(parent.video_id))
    video = earlier(services, origin, asked)
    if video is None:
        _check_stored(services, parent)
        check_room(services, caller)
        check_callback(services, body.callback_url)
        check_identification(services, body)
        child = _child(claim_id(services, origin, asked), body, origin, parent)
        video = submit(services, child, _with_regions(services, body, parent))
    return accepted(services, video, response)


def _child(video_id: UUID, body: RerunRequest, origin: Origin, parent: Video) -> Video:
    """A video that waits, of the parent's frames."""
    options = AnalysisOptions.model_validate(body.model_dump(exclude={"store_frames"}))
    video = new_video(video_id, options, origin, SourceKind.RERUN, parent.source_url, parent.video_name)
    return replace(
        video,
        parent_id=parent.video_id,
        sampling=replace(video.sampling, frame_step=body.frame_step or _step_of(parent)),
        store_frames=body.store_frames or parent.store_frames,
    )


def _with_regions(services: Services, body: RerunRequest, parent: Video) -> RerunRequest:
    """The parent's lines and zones, where others were not given."""
    if "lines" in body.model_fields_set or "zones" in body.model_fields_set:
        return body
    shown = shown_regions(services.regions.get(parent.video_id))
    return body.model_copy(update={"lines": shown.lines, "zones": shown.zones})


def _step_of(parent: Video) -> int:
    """The step that takes each of the parent's frames, counted from the video's first: it says how many to expect."""
    from_first = parent.source is SourceKind.RERUN or parent.sampling.start_time is None
    return (parent.sampling.frame_step or 1) if from_first else 1


def _check_stored(services: Services, parent: Video) -> None:
    """Raise Conflict unless the parent has ended and has frames that can be read."""
    video_id = parent.video_id
    if not parent.status.terminal:
        raise Conflict(f"video {video_id} is {parent.status}; run it again when it has ended, or cancel it first")
    if parent.store_frames is StoreFrames.NONE:
        raise NothingStored(f"video {video_id} was submitted with storeFrames none; submit its source again")
    if not any(services.frames.stored(video_id, bucket) for bucket in services.frames.buckets(video_id)):
        raise NothingStored(f"video {video_id} has no stored frames (any more); submit its source again")
