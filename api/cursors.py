"""Owns cursors: opaque to clients, bound to what was asked, independent of the process that made them."""

import base64
import hashlib
import json
from typing import Any

from fastapi.exceptions import RequestValidationError

MOST = 2**63 - 1


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
    except (ValueError, TypeError, RecursionError) as e:
        raise refuse("it is not one that this service gave") from e
    if bound != bound_to:
        raise refuse("it belongs to other parameters; start again without it")
    if len(place) != len(kinds) or not all(_is(k, v) for v, k in zip(place, kinds, strict=True)):
        raise refuse("it is not one that this service gave")
    return place


def _is(kind: type, value: Any) -> bool:
    """Whether it is of the kind, and not a number that no store can hold."""
    return type(value) is kind and not (isinstance(value, int) and abs(value) > MOST)


def refuse(reason: str) -> RequestValidationError:
    """The error of a cursor that cannot be used."""
    return RequestValidationError([{"loc": ("query", "cursor"), "msg": reason, "type": "value_error"}])
