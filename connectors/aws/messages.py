"""Owns what a message asks for: the videos of a document or of an event of S3 (also through SNS), or to stop."""

import json
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from pydantic import BaseModel, ValidationError

from connectors.aws import forms
from connectors.aws.job import Place, VideoId, Work
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.s3 import S3Object

CREATED = "ObjectCreated:"
FORMS = '{"VideoId": …, "s3": {"bucket": …, "key": …}}, an event of S3, or {"command": "stop"}'

Form = TypeVar("Form", bound=BaseModel)


class MessageInvalid(FramewiseError):
    """A message that says nothing that can be done. `video_id` is whose document may say so, where it named one."""

    type = "message-invalid"
    title = "The message cannot be read"

    def __init__(self, detail: str, video_id: VideoId | None = None) -> None:
        super().__init__(detail)
        self.video_id = video_id


class Stop:
    """Take nothing more, finish what is at work, and end."""


STOP = Stop()
Request = tuple[Work, ...] | Stop


def read(body: str) -> Request:
    """What a message asks for: works, none of which may be there, or to stop. Raises MessageInvalid."""
    said = _parsed(body)
    if said.get("Type") == "Notification" and isinstance(said.get("Message"), str):
        said = _parsed(said["Message"])
    if "command" in said:
        _valid(forms.Command, said)
        return STOP
    if said.get("Event") == "s3:TestEvent":
        return ()
    if "Records" in said:
        return _works(_valid(forms.Event, said))
    if "VideoId" in said:
        return (_work(said),)
    raise MessageInvalid(f"the message is none of those that are understood: {FORMS}")


def _work(said: dict[str, Any]) -> Work:
    video_id = _valid(forms.Id, said).value
    try:
        s3 = _valid(forms.Video, said).s3
        return Work(video_id, _place(s3.bucket, s3.key))
    except MessageInvalid as e:
        raise MessageInvalid(str(e), video_id) from e


def _works(event: forms.Event) -> tuple[Work, ...]:
    """Each object once; folders are none. An event knows no document: the object's own name becomes its id."""
    created = [r.s3 for r in event.records if r.event_name.removeprefix("s3:").startswith(CREATED)]
    named = dict.fromkeys((s3.bucket.name, unquote_plus(s3.object.key)) for s3 in created)
    places = [_place(bucket, key) for bucket, key in named if not key.endswith("/")]
    return tuple(Work(f"{place.bucket}/{place.key}", place) for place in places)


def _place(bucket: str, key: str) -> Place:
    try:
        found = S3Object.parse(f"s3://{bucket}/{key}")
    except ValueError as e:
        raise MessageInvalid(f"the message names the object {key!r} of {bucket!r}: the address {e}") from e
    if (found.bucket, found.key) != (bucket, key):
        raise MessageInvalid(f"the message names the object {key!r} of {bucket!r}, which has no address")
    return Place(bucket, key)


def _parsed(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as e:
        raise MessageInvalid(f"the message is not JSON ({e}); send {FORMS}") from e
    if not isinstance(said, dict):
        raise MessageInvalid(f"the message is not a JSON object; send {FORMS}")
    return said


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number of JSON")


def _valid(form: type[Form], said: dict[str, Any]) -> Form:
    try:
        return form.model_validate(said)
    except ValidationError as e:
        wrong = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in e.errors())
        raise MessageInvalid(f"the message is wrong: {wrong}") from e
