"""Owns the lines and zones of a video, and what is counted at them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import KnownVideo, NoQuery, ServicesDep
from api.problems import documented
from api.tracks.answers import CountsAnswer
from api.tracks.bodies import RegionsBody, shown_regions
from api.tracks.counting import counted
from api.tracks.params import CountParams

router = APIRouter(prefix="/analysis/{video_id}", tags=["tracks"])


@router.get(
    "/regions",
    operation_id="get_regions",
    summary="The lines and zones of a video",
    responses=documented(404),
    dependencies=[NoQuery],
)
def get_regions(services: ServicesDep, video: KnownVideo) -> RegionsBody:
    """What was drawn on it, with the submission or later; none where nobody has."""
    return shown_regions(services.regions.get(video.video_id))


@router.put(
    "/regions",
    operation_id="put_regions",
    summary="Draw lines and zones on a video",
    responses=documented(404),
    dependencies=[NoQuery],
)
def put_regions(services: ServicesDep, video: KnownVideo, body: RegionsBody) -> RegionsBody:
    """In any state, also long after its end: they take the place of those that it had, and `counts` counts at them
    from the stored paths, from the video's first frame on.
    """
    services.regions.save(video.video_id, body.regions())
    return body


@router.get(
    "/counts",
    operation_id="get_counts",
    summary="Who crossed the lines of a video, and who was in its zones",
    responses=documented(404),
)
def get_counts(services: ServicesDep, video: KnownVideo, params: Annotated[CountParams, Query()]) -> CountsAnswer:
    """In and out at each line, and visits, dwell time and occupancy of each zone, over time and by label.

    A thing stands where its box meets the ground, a face in its middle. It is counted from the tracks as far as they
    are made, so lines that were drawn just now count too.
    """
    return counted(services, video, params)
