"""Owns what the older messages may hold as a picture: Base64 of one whole JPEG or PNG, by its content and size."""

import base64
import binascii
import re
from typing import Any

from connectors.pictures.whole import Limits, Picture, whole_picture
from pipeline.contracts.errors import RecordInvalid

DATA_URL = re.compile(r"data:image/[a-z+.-]{1,20};base64,")


def read_picture(value: Any, limits: Limits) -> Picture:
    """The picture; raises RecordInvalid with what is wrong. What is too large is not even decoded from Base64."""
    if not isinstance(value, str):
        raise RecordInvalid("image is not a text, Base64 of a JPEG or PNG is expected")
    data = _decoded(value, limits.bytes)
    return whole_picture(data, limits)


def _decoded(text: str, most: int) -> bytes:
    if len(text) > most * 3 // 2 + 100:  # Base64 is 4/3 of the bytes; line ends come to it
        raise RecordInvalid(f"image has {len(text)} characters; a picture may have {most} bytes")
    if head := DATA_URL.match(text):
        text = text[head.end() :]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as e:
        raise RecordInvalid(f"image is not Base64: {e}") from e
    return data
