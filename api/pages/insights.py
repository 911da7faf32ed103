"""Owns the page of insights, and the charts that it draws for what a person asks."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.dependencies import CallerDep, ServicesDep
from api.pages.shell import page
from api.trends.question import InsightsParams
from api.trends.view import insights
from pipeline.contracts.results import TaskName

router = APIRouter(include_in_schema=False)


class ChartParams(InsightsParams):
    """What is counted, and in which colours it is drawn."""

    dark: bool = Field(default=False)


@router.get("/insights")
def insights_page(request: Request) -> HTMLResponse:
    """What was found over all videos; the page asks for the charts that its form describes."""
    return page(request, "insights.html", "/insights", charts=True, tasks=[task.value for task in TaskName])


@router.get("/insights/charts")
def insights_charts(
    services: ServicesDep, caller: CallerDep, params: Annotated[ChartParams, Query()]
) -> dict[str, Any]:
    """The answer, and a chart of Bokeh for each part of it; none where nothing was found."""
    from bokeh.embed import json_item  # takes a second, once

    from api.trends.charts import charts
    from api.trends.looks import DARK, LIGHT

    answer = insights(services, caller, params)
    found = charts(answer, DARK if params.dark else LIGHT) if answer.detections else {}
    return {
        "answer": answer.model_dump(mode="json", by_alias=True),
        "charts": {name: json_item(chart) for name, chart in found.items()},
    }
