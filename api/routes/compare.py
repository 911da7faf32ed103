"""Owns the comparison of two videos' results."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import CallerDep, KnownVideo, NoQuery, ServicesDep, visible
from api.insights.answers import ComparisonAnswer
from api.insights.comparison_view import compare
from api.problems import documented

router = APIRouter(prefix="/analysis/{video_id}", tags=["results"])
OtherId = Annotated[UUID, Path(description="the id of the video that it is compared to")]


@router.get(
    "/compare/{other_id}",
    operation_id="compare_videos",
    summary="What changed from one analysis to another",
    responses=documented(404),
    dependencies=[NoQuery],
)
def compare_videos(services: ServicesDep, caller: CallerDep, video: KnownVideo, other_id: OtherId) -> ComparisonAnswer:
    """By task and label: the frames in which both, or only one of them, found it; changes of confidence and number.

    Frames are compared by their number, whatever the sources are; `same_source` says whether that makes sense.
    """
    return compare(services, video, visible(services, caller, other_id))
