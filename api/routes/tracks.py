"""Owns the tracks of a video: pages of them, one with its boxes, and the picture that shows it best."""

from dataclasses import astuple
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api import cursors
from api.dependencies import KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.services import Services
from api.tracks.answers import PointedTrackAnswer, TracksAnswer
from api.tracks.params import PictureParams, TrackParams
from api.tracks.picture import picture_of
from api.tracks.view import is_complete, pointed_answer, track_answer
from api.unchanged import is_unchanged
from pipeline.contracts.errors import NotFound
from pipeline.contracts.tracks import Track
from pipeline.contracts.videos import Video
from pipeline.stores.tracks import TrackPlace

router = APIRouter(prefix="/analysis/{video_id}", tags=["tracks"])
JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
TrackId = Annotated[str, Path(max_length=64, description="`track_id` of a track or of a result", examples=["o51-2"])]


@router.get("/tracks", operation_id="list_tracks", summary="What went through a video", responses=documented(404))
def list_tracks(services: ServicesDep, video: KnownVideo, params: Annotated[TrackParams, Query()]) -> TracksAnswer:
    """Things and faces followed from frame to frame, by their first frame: label, first and last time, path, best
    frame, and who it is. Of a file they are made when it has ended, of a live video as it runs.
    """
    query = params.query()
    bound_to = cursors.fingerprint("tracks", video.video_id, astuple(query))
    after = TrackPlace(*cursors.decode(params.cursor, bound_to, int, str)) if params.cursor is not None else None
    state = services.tracks.state(video.video_id)
    page = services.tracks.page(video.video_id, query, params.limit, after)
    return TracksAnswer(
        items=[track_answer(video.video_id, track) for track in page.tracks],
        next_cursor=cursors.encode([page.next.first_frame, page.next.track_id], bound_to) if page.next else None,
        complete=is_complete(video, state),
        through_time=state.through_time if state is not None else None,
    )


@router.get(
    "/tracks/{track_id}",
    operation_id="get_track",
    summary="A track with its boxes",
    responses=documented(404),
    dependencies=[NoQuery],
)
def get_track(services: ServicesDep, video: KnownVideo, track_id: TrackId) -> PointedTrackAnswer:
    """The box in each frame, ascending; of more than 2,000 some are left out, evenly."""
    return pointed_answer(services, video, _known(services, video, track_id))


@router.get(
    "/tracks/{track_id}/picture",
    operation_id="get_track_picture",
    summary="The picture that shows a track best",
    response_class=Response,
    responses={200: {"content": JPEG}, 304: {"description": "unchanged"}, **documented(404, 409)},
)
def track_picture(
    services: ServicesDep,
    video: KnownVideo,
    track_id: TrackId,
    params: Annotated[PictureParams, Query()],
    request: Request,
) -> Response:
    """A JPEG, cut from the stored frame: of a face a sharp, large and frontal one, with a margin around it."""
    jpeg, etag = picture_of(services, video, _known(services, video, track_id), hide=params.blur is not None)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(jpeg, media_type="image/jpeg", headers=headers)


def _known(services: Services, video: Video, track_id: str) -> Track:
    track = services.tracks.get(video.video_id, track_id)
    if track is None:
        raise NotFound(
            f"video {video.video_id} has no track {track_id!r} (any more); GET /analysis/{video.video_id}/tracks "
            "lists those that it has"
        )
    return track
