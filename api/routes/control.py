"""Owns what people do with a video once it is submitted: cancel it, have it tried again, delete it."""

from fastapi import APIRouter, Response

from api.dependencies import CallerDep, KnownVideo, NoOtherPath, NoQuery, ServicesDep, VideoId, visible
from api.problems import documented
from api.responses import VideoAnswer
from api.room import check_room
from api.rtmp.admission import end_publishing
from api.submission import owe_tracks, wake
from api.views import accepted, video_answer
from api.webhooks.plan import follow
from pipeline.contracts.errors import Conflict
from pipeline.contracts.videos import RETRIABLE, SourceKind, VideoStatus
from pipeline.deleting import delete

router = APIRouter(prefix="/analysis/{video_id}", tags=["control"], dependencies=[NoQuery])


@router.post(
    "/cancel",
    operation_id="cancel_video",
    summary="Stop the analysis of a video",
    responses=documented(404),
)
def cancel(services: ServicesDep, video: KnownVideo) -> VideoAnswer:
    """What is done so far stays. A video that has ended is left as it is; calling again changes nothing."""
    services.videos.transition(video.video_id, VideoStatus.CANCELLED)
    end_publishing(services, video)
    return video_answer(services, services.videos.get(video.video_id) or video)


@router.post(
    "/retry",
    status_code=202,
    operation_id="retry_video",
    summary="Try a failed or cancelled video again",
    responses=documented(404, 409, 429),
)
def retry(services: ServicesDep, caller: CallerDep, video: KnownVideo, response: Response) -> VideoAnswer:
    """Only frames without a good outcome are analysed. In every other state the video is answered as it is."""
    if video.status in RETRIABLE:
        if video.source is SourceKind.RTMP:
            raise Conflict("a stream key ends with its video; POST /analysis/rtmp-endpoint gives another")
        check_room(services, caller)
        follow(services, video)
        owe_tracks(services, video)
        if services.videos.retry(video):
            owe_tracks(services, video)  # again: meanwhile those of the attempt before may have been settled
            wake(services, video.video_id)
        video = services.videos.get(video.video_id) or video
    return accepted(services, video, response)


@router.delete(
    "",
    status_code=204,
    operation_id="delete_video",
    summary="Delete a video with all that was made of it",
    responses=documented(404, 409),
    dependencies=[NoOtherPath],
)
def delete_video(services: ServicesDep, caller: CallerDep, video_id: VideoId) -> None:
    """In any state, also while it is analysed: rows, frames and files go, and nothing that is under way brings them
    back. Deleting again changes nothing.
    """
    deletion = services.deletions.get(video_id)
    if deletion is None or not caller.owns(deletion.key_id):
        visible(services, caller, video_id)
    video = services.videos.get(video_id)
    delete(services.stores, services.deletions, video_id)
    if video is not None:
        end_publishing(services, video)
