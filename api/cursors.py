"""Owns cursors: opaque to clients, bound to what was asked, independent of the process that made them."""

import base64
import hashlib
import json
from typing import Any

from fastapi.exceptions import RequestValidationError


def fingerprint(*asked: object) -> str:
    """A short digest of what was asked."""
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def encode(place: list[Any], bound_to: str) -> str:
    """A cursor for a place in an answer to what the fingerprint stands for."""
    return base64.urlsafe_b64encode(json.dumps([bound_to, *place]).encode()).decode().rstrip("=")


def decode(cursor: str, bound_to: str, *kinds: type) -> list[Any]:
    """The place of a cursor; refuses one that was made up or made for another question."""
    place: list[Any]
    try:
        bound, *place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError) as e:
        raise refuse("it is not one that this service gave") from e
    if bound != bound_to:
        raise refuse("it belongs to other parameters; start again without it")
    if len(place) != len(kinds) or not all(type(v) is k for v, k in zip(place, kinds, strict=True)):
        raise refuse("it is not one that this service gave")
    return place


def refuse(reason: str) -> RequestValidationError:
    """The error of a cursor that cannot be used."""
    return RequestValidationError([{"loc": ("query", "cursor"), "msg": reason, "type": "value_error"}])
