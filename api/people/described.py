"""Owns how bodies that are forms with photos or JSON are described in the OpenAPI document."""

from typing import Any

Schemas = dict[str, Any]

_FRACTION: Schemas = {"type": "number", "minimum": 0, "maximum": 1}
_BOX: Schemas = {
    "type": "object",
    "description": "where the face is, as fractions of the frame; not needed where there is one only",
    "required": ["x", "y", "width", "height"],
    "properties": dict.fromkeys(("x", "y", "width", "height"), _FRACTION),
    "additionalProperties": False,
}
_FRAME: Schemas = {
    "videoId": {"type": "string", "format": "uuid"},
    "frameNumber": {"type": "integer", "minimum": 1},
    "box": _BOX,
}
_PHOTOS: Schemas = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "minItems": 1,
    "maxItems": 10,
    "description": "JPEG, PNG or WebP with one face each",
}
NAMED: Schemas = {
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "collection": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$", "default": "default"},
}


def described(fields: Schemas, *required: str) -> Schemas:
    """The request body of an operation that takes these fields with photos, or with a face in an analysed video."""
    form = {"type": "object", "required": ["photos", *required], "properties": {"photos": _PHOTOS, **fields}}
    frame = {
        "type": "object",
        "required": ["videoId", "frameNumber", *required],
        "properties": {**_FRAME, **fields},
        "additionalProperties": False,
    }
    content = {"multipart/form-data": {"schema": form}, "application/json": {"schema": frame}}
    return {"requestBody": {"required": True, "content": content}}
