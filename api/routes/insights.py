"""Owns insights: what was found over all videos by wall clock, as data and as one file to keep."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import CallerDep, ServicesDep
from api.problems import documented
from api.trends.answers import InsightsAnswer
from api.trends.question import InsightsParams
from api.trends.view import insights

router = APIRouter(tags=["results"])
REPORT = {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}}
InsightsParamsDep = Annotated[InsightsParams, Query()]


@router.get(
    "/analysis/insights",
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


@router.get(
    "/analysis/insights/report",
    operation_id="get_insights_report",
    summary="Insights as one HTML file to keep",
    response_class=Response,
    responses={200: {"content": REPORT, "description": "a page with charts and tables"}, **documented()},
)
def get_insights_report(services: ServicesDep, caller: CallerDep, params: InsightsParamsDep) -> Response:
    """The same as a page with charts that needs nothing else: it can be sent, kept, and opened without a network."""
    from api.trends.report import report  # Bokeh takes a second to import

    answer = insights(services, caller, params)
    name = f"framewise-{answer.from_:%Y%m%d}-{answer.to:%Y%m%d}.html"
    return Response(
        report(answer, params.narrowed()),
        media_type="text/html",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
