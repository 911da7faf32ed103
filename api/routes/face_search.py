"""Owns the search for somebody by a photo."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from api.caller import caller_of
from api.dependencies import NoQuery, ServicesDep
from api.erasing.answers import FaceSearchAnswer
from api.erasing.asking import SEARCH_SCHEMA, SearchForm, SearchOfFrame
from api.erasing.searching import search
from api.people.sent import sent_in
from api.problems import documented

router = APIRouter(prefix="/people", tags=["people"], dependencies=[NoQuery])


@router.post(
    "/search",
    operation_id="search_by_face",
    summary="In which videos somebody was seen, and when",
    responses=documented(404, 413),
    openapi_extra=SEARCH_SCHEMA,
)
async def search_by_face(services: ServicesDep, request: Request) -> FaceSearchAnswer:
    """Compares the face on a photo (a form), or a face in an analysed video (JSON), with one vector a track of every
    video that was submitted with `identification.search`, best first. The photo is not kept.
    """
    sent, form = await sent_in(request, SearchForm, SearchOfFrame)
    return await run_in_threadpool(search, services, caller_of(request), sent, form)
