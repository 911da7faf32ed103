"""Owns the way in for live sources that are pulled: cameras and streams of others."""

from fastapi import APIRouter, Response

from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.origin import OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.pulling import StreamRequest, check_stream
from api.responses import VideoAnswer
from api.room import check_room
from api.submission import claim_id, earlier, fingerprint_of, new_video, submit
from api.views import accepted
from api.webhooks.plan import check_callback
from pipeline.contracts.videos import SourceKind

router = APIRouter(prefix="/analysis", tags=["submit"])


@router.post(
    "/stream",
    status_code=202,
    operation_id="start_stream",
    summary="Analyse a live source that is pulled",
    responses=documented(409, 413),
    dependencies=[NoQuery],
)
def start_stream(
    services: ServicesDep, caller: CallerDep, origin: OriginDep, body: StreamRequest, response: Response
) -> VideoAnswer:
    """Dials the source, and dials again when it breaks off, until the video is cancelled or as long as `maxDuration`
    says. A source that cannot be reached for long is given up: the video completes with a warning, or fails when it
    never gave a frame. A password in the address is used, and never shown.
    """
    asked = fingerprint_of("stream", body)
    video = earlier(services, origin, asked)
    if video is None:
        check_room(services, caller)
        check_callback(services, body.callback_url)
        check_identification(services, body)
        check_stream(services.guard, services.streams, body.stream_url)
        video_id = claim_id(services, origin, asked)
        video = submit(services, new_video(video_id, body, origin, SourceKind.STREAM, body.stream_url, body.name), body)
    return accepted(services, video, response)
