"""Owns how the whole system does, and what to do when it does not."""

import asyncio

from fastapi import APIRouter, Request

from api.dependencies import NoQuery, ServicesDep
from api.measuring import MetricsPage
from api.problems import documented
from api.readiness import Readiness
from api.system.answers import SystemAnswer
from api.system.view import system_answer

router = APIRouter(tags=["service"], dependencies=[NoQuery])


@router.get(
    "/status",
    operation_id="get_status",
    summary="How the system does, and what to do when it does not",
    responses=documented(),
)
async def get_status(request: Request, services: ServicesDep) -> SystemAnswer:  # waits for servers that may hang
    """Servers, queue, lag, frames a second by stage and worker, time a model takes, memory, disk; and advice.

    Answers within three seconds, also while a server is away: what is not known is null or left out.
    """
    readiness: Readiness = request.app.state.readiness
    beside: Readiness = request.app.state.beside
    page: MetricsPage = request.app.state.metrics
    checks, others, asked = await asyncio.gather(readiness.ask(), beside.ask(), page.found())
    return await asyncio.to_thread(system_answer, services, {**checks, **others}, asked)
