"""Owns insights: what was found over all videos by wall clock, as data and as one file to keep."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import CallerDep, ServicesDep
from api.problems import documented
from api.trends.answers import InsightsAnswer
from api.trends.question import InsightsParams
from api.trends.view import insights

router = APIRouter(tags=["results"])
InsightsParamsDep = Annotated[InsightsParams, Query()]


@router.get(
    "/insights",
    operation_id="get_insights",
    summary="What was found over all videos, by time, label, camera, weekday and hour",
    responses=documented(),
)
def get_insights(services: ServicesDep, caller: CallerDep, params: InsightsParamsDep) -> InsightsAnswer:
    """Detections of the last seven days, or of the span asked for, by the clocks of a time zone.

    A frame of a live stream counts when it was captured. A file does not know when it was recorded: its frames count
    from its submission on, by their media time; `live=true` leaves files out. A frame's findings are counted some
    seconds after it was analysed. A stream that has ended is looked at if it began at most seven days before `from`.
    """
    return insights(services, caller, params)
