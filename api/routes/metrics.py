"""Owns the page that Prometheus reads."""

import asyncio

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import NoQuery
from api.measuring import MetricsPage
from api.problems import documented

router = APIRouter(tags=["service"], dependencies=[NoQuery])
EXAMPLE = 'framewise_frames_total{stage="done"} 4711.0\n'
TEXT = {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}}


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics of every process of this machine",
    response_class=Response,
    responses={200: {"content": TEXT, "description": "Prometheus' text format"}, **documented()},
)
async def get_metrics(request: Request) -> Response:  # needs none of the threads that may all wait for a server
    """Counts and times of the service, ingest and the analysis; docs/operations.md says what each means.

    What a server has to be asked for is left out while it does not answer.
    """
    page: MetricsPage = request.app.state.metrics
    found = await page.found()
    return Response(await asyncio.to_thread(page.text, found), media_type=CONTENT_TYPE_LATEST)
