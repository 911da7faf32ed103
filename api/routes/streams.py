"""Owns the list of live streams."""

from fastapi import APIRouter

from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.problems import documented
from api.streams.answers import StreamsAnswer
from api.streams.view import streams_answer

router = APIRouter(prefix="/analysis", tags=["videos"])


@router.get(
    "/live",
    operation_id="list_live",
    summary="The live streams that run now, and what was seen last in each",
    responses=documented(),
    dependencies=[NoQuery],
)
def list_live(services: ServicesDep, caller: CallerDep) -> StreamsAnswer:
    """Streams that wait for their publisher or run, with the counts of the newest frame: for whoever watches many."""
    return streams_answer(services, caller)
