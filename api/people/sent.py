"""Owns what is sent of faces: photos in a form, or the place of a face in an analysed video as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from pipeline.stores.people import FrameFace

PHOTO_BYTES = 20 * 2**20
MOST_PHOTOS = 10
FORM_BYTES = MOST_PHOTOS * PHOTO_BYTES + 2**20
"""Of a form with as many photos as may come at once."""
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """Photos as they came, or a face in a video."""

    photos: tuple[bytes, ...] = ()
    face: FrameFace | None = None


async def sent_in(request: Request, in_form: type[Body], in_json: type[Body]) -> tuple[Sent, Body]:
    """The photos or the place, and the other fields; raises RequestValidationError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        body = checked(in_json, await _json(request))
        return Sent(face=body.place()), body  # type: ignore[attr-defined]
    async with request.form(max_files=MOST_PHOTOS + 1, max_fields=10) as form:
        photos = await _photos(form)
        fields = {name: form.get(name) for name in form if name != "photos"}
    return Sent(photos), checked(in_form, fields)


def checked(kind: type[Body], fields: Any) -> Body:
    """The fields as a body; raises RequestValidationError."""
    try:
        return kind.model_validate(fields)
    except ValidationError as e:
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in e.errors()]) from e


def refused(*where: str | int, why: str) -> RequestValidationError:
    """A part of the body that is wrong."""
    return refusals({where: why})


def refusals(reasons: Mapping[tuple[str | int, ...], str]) -> RequestValidationError:
    """Several parts of the body that are wrong."""
    return RequestValidationError(
        [{"loc": ("body", *where), "msg": why, "type": "value_error"} for where, why in reasons.items()]
    )


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body() or b"null")
    except (ValueError, RecursionError) as e:
        raise refused(why=f"is neither JSON nor a form with photos: {e}") from e


async def _photos(form: FormData) -> tuple[bytes, ...]:
    files = form.getlist("photos")
    if not files or not all(isinstance(file, UploadFile) for file in files):
        raise refused("photos", why="one photo at least is needed, as a file of the form")
    if len(files) > MOST_PHOTOS:
        raise refused("photos", why=f"at most {MOST_PHOTOS} photos come at once; add others later")
    photos = [await file.read(PHOTO_BYTES + 1) for file in files if isinstance(file, UploadFile)]
    large = [number for number, photo in enumerate(photos) if len(photo) > PHOTO_BYTES]
    if large:
        raise refused("photos", large[0], why=f"a photo has at most {PHOTO_BYTES // 2**20} MiB; send a smaller one")
    return tuple(photos)
