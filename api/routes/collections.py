"""Owns collections of people: what they are for, for how long, and learning them again."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import NoQuery, ServicesDep
from api.fields import CollectionName
from api.people.answers import CollectionAnswer, CollectionsAnswer, LearntAnswer, collection_answer
from api.people.bodies import CollectionBody
from api.people.enrolling import known_collection
from api.people.forgetting import forget_pictures
from api.people.learning import learn
from api.problems import documented
from pipeline.contracts.errors import Conflict
from pipeline.stores.people import Collection

router = APIRouter(prefix="/people/collections", tags=["people"], dependencies=[NoQuery])
Name = Annotated[CollectionName, Path(description="the collection's name", examples=["default"])]


@router.get("", operation_id="list_collections", summary="The collections of people", responses=documented())
def list_collections(services: ServicesDep) -> CollectionsAnswer:
    """By name. Without any nobody is identified."""
    return CollectionsAnswer(items=[collection_answer(services, one) for one in services.people.collections()])


@router.get("/{name}", operation_id="get_collection", summary="A collection of people", responses=documented(404))
def get_collection(services: ServicesDep, name: Name) -> CollectionAnswer:
    """Its purpose, how long people stay, and how many there are."""
    return collection_answer(services, known_collection(services, name))


@router.put(
    "/{name}",
    operation_id="put_collection",
    summary="Make or change a collection of people",
    responses={201: {"description": "made", "model": CollectionAnswer}, **documented()},
)
def put_collection(services: ServicesDep, name: Name, body: CollectionBody, response: Response) -> CollectionAnswer:
    """A purpose has to be stated. Where photos are not to be kept any more, those that were kept go."""
    before = services.people.collection(name)
    made = Collection(name, body.purpose, _now(), body.retention_days, body.keep_photos)
    services.people.save_collection(made)
    if before is None:
        response.status_code = 201
    elif before.keep_photos and not body.keep_photos:
        forget_pictures(services, name)
    return collection_answer(services, known_collection(services, name))


@router.delete(
    "/{name}",
    status_code=204,
    operation_id="delete_collection",
    summary="Remove an empty collection of people",
    responses=documented(409),
)
def delete_collection(services: ServicesDep, name: Name) -> None:
    """Its people have to be deleted before, each with a receipt. One that is not there is no error."""
    if people := services.people.count(name):
        raise Conflict(f"collection {name} has {people} people; delete them first: DELETE /people/{{person_id}}")
    before = services.people.collection(name)
    services.people.delete_collection(name)
    if before is not None and services.people.count(name):
        services.people.save_collection(before)
        raise Conflict(f"somebody was enrolled in collection {name} meanwhile; it stays")


@router.post(
    "/{name}/learn",
    operation_id="learn_collection",
    summary="Learn people again from kept photos",
    responses=documented(404),
)
def learn_collection(services: ServicesDep, name: Name) -> LearntAnswer:
    """For an embedding model that has come after people were enrolled: it is shown the photos that were kept. Works
    for twenty seconds at most; call again while some remain.
    """
    return learn(services, known_collection(services, name))


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
