"""Owns enrolling: which face of a photo is meant, whether it is good enough, and keeping what it is known by."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

from api.caller import Caller
from api.dependencies import visible
from api.people.forgetting import forget_pictures_of
from api.people.sent import Sent, refusals
from api.services import Services
from pipeline.contracts.errors import NotFound
from pipeline.contracts.frames import StoreFrames
from pipeline.portraits.faces import PictureUnreadable, Portrait, PortraitFace
from pipeline.stores.people import Collection, FrameFace, Person, Photo

LEAST_SIZE = 40
"""Pixels of a face's shorter side: with fewer, people are taken for each other."""
LEAST_SHARPNESS = 0.015
"""Below, a face of 100 pixels looks as if blurred over 2 of them and more."""
logger = logging.getLogger(__name__)


def known_collection(services: Services, name: str) -> Collection:
    """The collection; raises NotFound, which says how to make it."""
    if (collection := services.people.collection(name)) is None:
        raise NotFound(
            f"there is no collection {name}; make it with its purpose: PUT /people/collections/{name} "
            '{"purpose": "who is in our meeting room"}'
        )
    return collection


def enrol(services: Services, caller: Caller, name: str, collection: Collection, sent: Sent) -> Person:
    """A new person, known by what was sent; nobody is kept when a photo is refused."""
    faces = _faces(services, caller, sent)
    collection = known_collection(services, collection.name)
    person = Person(uuid4(), collection.name, name, _now())
    services.people.add_person(person)
    _keep(services, person, collection, faces, sent.face)
    logger.info("a person enrolled in collection %s by %d photos", collection.name, len(faces))
    return person


def add_photos(services: Services, caller: Caller, person: Person, sent: Sent) -> None:
    """Let a person be known by more photos."""
    faces = _faces(services, caller, sent)
    _keep(services, person, known_collection(services, person.collection), faces, sent.face)


def _keep(
    services: Services, person: Person, collection: Collection, faces: list[PortraitFace], source: FrameFace | None
) -> None:
    """Keep what somebody is known by. What is deleted or forbidden meanwhile stays so."""
    keeps = collection.keep_photos
    for face in faces:
        photo = Photo(
            uuid4(), person.person_id, _now(), face.size, face.sharpness, face.frontality, keeps, source=source
        )
        services.people.add_photo(person, photo, face.picture if keeps else None, face.vectors)
    now = services.people.collection(person.collection)
    if now is None or services.people.person(person.person_id) is None:
        services.people.delete_person(person.person_id)
        raise NotFound(f"person {person.person_id} or collection {person.collection} was deleted meanwhile")
    if keeps and not now.keep_photos:
        forget_pictures_of(services, person)


def _faces(services: Services, caller: Caller, sent: Sent) -> list[PortraitFace]:
    """The face of each photo; raises RequestValidationError with the reason for each that is refused."""
    reasons: dict[tuple[str | int, ...], str] = {}
    faces = []
    for where, portrait in portraits_of(services, caller, sent):
        if isinstance(portrait, str):
            reasons[where] = portrait
        elif why := why_refused(portrait):
            reasons[where] = why
        else:
            faces.append(portrait.faces[0])
    if reasons:
        raise refusals(reasons)
    return faces


def portraits_of(
    services: Services, caller: Caller, sent: Sent
) -> Iterator[tuple[tuple[str | int, ...], Portrait | str]]:
    """Where each picture was sent, and what it shows or why it cannot be read."""
    if sent.face is not None:
        picture = _stored(services, caller, sent.face)
        yield ("box",) if sent.face.box else ("frameNumber",), services.portraits.read(picture, sent.face.box)
    for number, photo in enumerate(sent.photos):
        try:
            yield ("photos", number), services.portraits.read(photo)
        except PictureUnreadable as e:
            yield ("photos", number), str(e)


def why_refused(portrait: Portrait) -> str | None:
    """Why nobody can be known by a picture; None for a good one."""
    if not portrait.faces:
        return "no face was found; take a picture that shows it larger, from the front, in good light"
    if len(portrait.faces) > 1:
        return f"{len(portrait.faces)} faces were found; cut the picture so that one is left, or say its box in a frame"
    [face] = portrait.faces
    if face.size < LEAST_SIZE:
        return f"the face is too small: {face.size} pixels, {LEAST_SIZE} are needed; take a larger picture of it"
    if face.sharpness < LEAST_SHARPNESS:
        return f"the face is too blurred ({face.sharpness:.3f}, {LEAST_SHARPNESS} is needed); take a sharper picture"
    if not face.vectors:
        return "the face has no landmarks by which it could be aligned; take a picture from the front"
    return None


def _stored(services: Services, caller: Caller, face: FrameFace) -> bytes:
    """The stored frame; raises NotFound."""
    video = visible(services, caller, face.video_id)
    jpeg = services.frames.get(face.video_id, face.frame_number)
    if jpeg is None:
        raise NotFound(f"frame {face.frame_number} of video {face.video_id} is not stored; choose another")
    if video.store_frames is StoreFrames.BLURRED:
        raise NotFound(f"video {face.video_id} is stored with its faces hidden; send a photo instead")
    return jpeg


def known_person(services: Services, person_id: UUID) -> Person:
    """The person; raises NotFound."""
    if (person := services.people.person(person_id)) is None:
        raise NotFound(f"there is no person {person_id}")
    return person


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
