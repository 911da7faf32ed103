"""Owns the older message: JSON with a picture as Base64, a time and the camera's name."""

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from connectors.camera.older.pictures import read_picture
from connectors.camera.older.times import read_time
from connectors.pictures.whole import Limits, Picture
from pipeline.contracts.errors import RecordInvalid

MOST_NAME = 57
"""What the service takes."""
FIELDS = ("image", "timestamp", "camera_id")


@dataclass(frozen=True, slots=True)
class OlderMessage:
    """What an older producer sent: its camera, when the picture was captured (with a time zone), and the picture."""

    camera_id: str
    captured_at: datetime
    picture: Picture


def read_message(value: bytes | None, limits: Limits, zone: tzinfo | None) -> OlderMessage:
    """The message of a record; raises RecordInvalid with the field that is wrong. Fields that are not known are left.

    `zone` is that of times without one; None is the zone of this machine.
    """
    fields = _fields(value, limits)
    return OlderMessage(
        _camera(fields["camera_id"]),
        read_time(fields["timestamp"], zone),
        read_picture(fields["image"], limits),
    )


def _fields(value: bytes | None, limits: Limits) -> dict[str, Any]:
    if not value:
        raise RecordInvalid("the record is empty")
    if len(value) > 2 * limits.bytes + 10_000:
        raise RecordInvalid(f"the message has {len(value)} bytes; its picture may have {limits.bytes}")
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError) as e:
        raise RecordInvalid(f"the message is not JSON: {str(e)[:200]}") from e
    if not isinstance(fields, dict):
        raise RecordInvalid(f"the message is a JSON {type(fields).__name__}, not an object")
    if missing := [name for name in FIELDS if name not in fields]:
        raise RecordInvalid(f"the message has no {' and no '.join(missing)}")
    return fields


def _camera(value: Any) -> str:
    """The camera's name; older producers also count them."""
    name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(name, str) or not name.strip():
        raise RecordInvalid("camera_id is no name")
    if len(name) > MOST_NAME or not name.isprintable():
        raise RecordInvalid(f"camera_id is no name of at most {MOST_NAME} printable characters: {name[:80]!r}")
    return name.strip()
