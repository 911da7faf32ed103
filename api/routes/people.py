"""Owns people who are known by their faces: enrolling them, their photos, and listing them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api import cursors
from api.caller import caller_of
from api.dependencies import NoOtherPath, NoQuery, ServicesDep
from api.fields import CollectionName
from api.people.answers import PeopleAnswer, PersonAnswer, person_answer
from api.people.bodies import FrameFaceBody, NewPerson, NewPersonOfFrame
from api.people.described import NAMED, described
from api.people.enrolling import add_photos, enrol, known_collection, known_person
from api.people.examples import PERSON_ID, PHOTO_ID
from api.people.sent import sent_in
from api.problems import documented
from pipeline.contracts.errors import NotFound
from pipeline.stores.people import DEFAULT_COLLECTION, Person

router = APIRouter(prefix="/people", tags=["people"])
PersonId = Annotated[UUID, Path(description="the id that the person was given", examples=[PERSON_ID])]
PhotoId = Annotated[UUID, Path(description="the id that the photo was given", examples=[PHOTO_ID])]


class _NoFields(BaseModel):
    """A form with photos only."""

    model_config = ConfigDict(extra="forbid")


class PeopleParams(BaseModel):
    """Which people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    collection: CollectionName = DEFAULT_COLLECTION
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


@router.post(
    "",
    status_code=201,
    operation_id="enrol_person",
    summary="Enrol a person",
    responses=documented(404, 413),
    openapi_extra=described(NAMED, "name"),
    dependencies=[NoQuery],
)
async def enrol_person(services: ServicesDep, request: Request, response: Response) -> PersonAnswer:
    """By one photo or more (a form), or by a face in an analysed video (JSON). Workers know the person a second later.

    A photo without a face, with several, or too small or blurred is refused with the reason, and nobody is enrolled.
    The collection must be there, with its purpose.
    """
    sent, body = await sent_in(request, NewPerson, NewPersonOfFrame)
    collection = await run_in_threadpool(known_collection, services, body.collection)
    person = await run_in_threadpool(enrol, services, caller_of(request), body.name, collection, sent)
    response.headers["Location"] = f"/people/{person.person_id}"
    return await run_in_threadpool(person_answer, services, person)


@router.get("", operation_id="list_people", summary="The people of a collection", responses=documented(404))
def list_people(services: ServicesDep, params: Annotated[PeopleParams, Query()]) -> PeopleAnswer:
    """Newest first, with their photos."""
    known_collection(services, params.collection)
    bound = cursors.fingerprint(params.collection)
    after = _place(params.collection, cursors.decode(params.cursor, bound, str, str)) if params.cursor else None
    found = services.people.people(params.collection, params.limit + 1, after)
    page = found[: params.limit]
    more = len(found) > len(page)
    place = [page[-1].created_at.isoformat(), str(page[-1].person_id)] if more else []
    return PeopleAnswer(
        items=[person_answer(services, person) for person in page],
        next_cursor=cursors.encode(place, bound) if more else None,
    )


def _place(collection: str, place: list[str]) -> Person:
    try:
        return Person(UUID(place[1]), collection, "", datetime.fromisoformat(place[0]))
    except ValueError as e:
        raise cursors.refuse("it is not one that this service gave") from e


@router.get(
    "/{person_id}",
    operation_id="get_person",
    summary="A person",
    responses=documented(404),
    dependencies=[NoOtherPath, NoQuery],
)
def get_person(services: ServicesDep, person_id: PersonId) -> PersonAnswer:
    """With the photos by which they are known."""
    return person_answer(services, known_person(services, person_id))


@router.post(
    "/{person_id}/photos",
    status_code=201,
    operation_id="add_person_photos",
    summary="Add photos of a person",
    responses=documented(404, 413),
    openapi_extra=described({}),
    dependencies=[NoQuery],
)
async def add_person_photos(services: ServicesDep, request: Request, person_id: PersonId) -> PersonAnswer:
    """Photos, or a face in an analysed video, as when the person was enrolled. The likest photo counts."""
    person = await run_in_threadpool(known_person, services, person_id)
    sent, _ = await sent_in(request, _NoFields, FrameFaceBody)
    await run_in_threadpool(add_photos, services, caller_of(request), person, sent)
    return await run_in_threadpool(person_answer, services, person)


@router.get(
    "/{person_id}/photos/{photo_id}",
    operation_id="get_person_photo",
    summary="A photo of a person",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
        **documented(404),
    },
    dependencies=[NoQuery],
)
def get_person_photo(services: ServicesDep, person_id: PersonId, photo_id: PhotoId) -> Response:
    """The face, cut from what was sent; only where the collection keeps photos."""
    picture = services.people.picture(person_id, photo_id)
    if picture is None:
        raise NotFound(f"there is no photo {photo_id} of person {person_id}, or it was not kept")
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.delete(
    "/{person_id}/photos/{photo_id}",
    operation_id="delete_person_photo",
    summary="Forget a photo of a person",
    responses=documented(404),
    dependencies=[NoQuery],
)
def delete_person_photo(services: ServicesDep, person_id: PersonId, photo_id: PhotoId) -> PersonAnswer:
    """The photo and its vectors. Names that were found by it stay; a person without photos is not found any more."""
    person = known_person(services, person_id)
    services.people.delete_photo(person, photo_id)
    return person_answer(services, person)
