"""Owns being forgotten: a person who is known, or whoever is on a photo, and the receipt."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.caller import caller_of
from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.erasing.answers import ErasureAnswer
from api.erasing.asking import ERASE_SCHEMA, ErasureForm, ErasureOfFrame
from api.erasing.beginning import erase_by_face, erase_person
from api.erasing.receipts import erasure_answer
from api.people.sent import sent_in
from api.problems import documented
from pipeline.contracts.errors import NotFound

router = APIRouter(prefix="/people", tags=["people"])
ErasureParamsDep = Annotated[ErasureForm, Query()]


@router.delete(
    "/{person_id}",
    status_code=202,
    operation_id="delete_person",
    summary="Forget a person",
    responses=documented(404),
)
def delete_person(
    services: ServicesDep, caller: CallerDep, person_id: UUID, params: ErasureParamsDep, response: Response
) -> ErasureAnswer:
    """Photos and vectors go at once, so that nobody is named any more within seconds; names in results, tracks and
    digests, vectors of tracks, and the face in stored frames go within a minute, also of videos that run.

    Of those, all faces are hidden from then on in what is stored. `Location` is the receipt.
    """
    return _begun(response, erasure_answer(erase_person(services, caller, person_id, params.frames)))


@router.post(
    "/erase",
    status_code=202,
    operation_id="erase_person",
    summary="Forget whoever is on a photo",
    responses=documented(404, 409, 413),
    openapi_extra=ERASE_SCHEMA,
    dependencies=[NoQuery],
)
async def erase(services: ServicesDep, request: Request, response: Response) -> ErasureAnswer:
    """The same for the person on a photo, enrolled or not: the people who have this face, and what was stored of it in
    videos that can be searched by face. The photo is not kept.
    """
    sent, form = await sent_in(request, ErasureForm, ErasureOfFrame)
    erasure = await run_in_threadpool(erase_by_face, services, caller_of(request), sent, form.frames)
    return _begun(response, erasure_answer(erasure))


@router.get(
    "/erasures/{erasure_id}",
    operation_id="get_erasure",
    summary="The receipt of an erasure",
    responses=documented(404),
    dependencies=[NoQuery],
)
def get_erasure(services: ServicesDep, erasure_id: UUID) -> ErasureAnswer:
    """How far it is, and what was removed; for ninety days."""
    erasure = services.erasures.get(erasure_id)
    if erasure is None:
        raise NotFound(f"there is no erasure {erasure_id}; receipts are kept for ninety days")
    return erasure_answer(erasure)


def _begun(response: Response, answer: ErasureAnswer) -> ErasureAnswer:
    response.headers["Location"] = answer.status_url
    return answer
