"""Owns what the MQTT message of a crop looks like: the picture as payload, all else as MQTT 5 user properties.

A message without any properties is a bare picture, as the system before sent it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.edge import properties as props
from connectors.edge.crops import MAX_BYTES, Crop, content_type, crop_id, written
from connectors.edge.topics import FACES, NAME, STORED, TopicTemplate
from pipeline.contracts.errors import RecordInvalid

SCHEMA = "1"
TRACK = r"[A-Za-z0-9-]{1,64}"
MAX_CONFIRMED = 1000
"""Crops that one confirmation names at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published. `properties` are the MQTT 5 user properties, `content_type` is that of the picture."""

    topic: str
    payload: bytes
    properties: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None


def encode(crop: Crop, topic: TopicTemplate = FACES) -> Message:
    """The message of a crop. Raises RecordInvalid for one that nobody would read."""
    values = {
        "schema": SCHEMA,
        "crop_id": crop.crop_id,
        "site": crop.site,
        "camera": crop.camera,
        "captured_at": written(crop.captured_at),
        "track": crop.track,
        "label": crop.label,
        "box": props.box_text(crop.box),
        "area": props.box_text(crop.area),
        "sharpness": props.number_text(crop.sharpness),
        "score": props.number_text(crop.score),
    }
    named = tuple((name, value) for name, value in values.items() if value)
    message = Message(topic.of(crop.site, crop.camera), crop.image, named, content_type(crop.image))
    decode(message, topic)
    return message


def decode(
    message: Message,
    topic: TopicTemplate = FACES,
    arrived_at: datetime | None = None,
    site: str = "old",
    camera: str = "camera",
) -> Crop:
    """The crop of a message; of its payload only the size is looked at.

    A message without properties is a bare picture: captured when it arrived, at the `site` and `camera` given unless
    the topic says so; its id and track are of its bytes. Raises RecordInvalid that names the property.
    """
    if not 0 < len(message.payload) <= MAX_BYTES:
        raise RecordInvalid(f"the payload has {len(message.payload)} bytes; a picture of 1 to {MAX_BYTES} is expected")
    named = topic.read(message.topic) or {}
    if not message.properties:
        return _bare(message.payload, named.get("site", site), named.get("camera", camera), arrived_at)
    crop = _described(message.payload, dict(message.properties))
    for name, said in named.items():
        if getattr(crop, name) != said:
            raise RecordInvalid(f"property {name!r} is {getattr(crop, name)!r}, but the topic is that of {said!r}")
    return crop


def encode_stored(site: str, camera: str, crop_ids: Iterable[str], topic: TopicTemplate = STORED) -> Message:
    """The confirmation that crops of a camera are safe: their ids as UTF-8, one a line."""
    return Message(topic.of(site, camera), "\n".join(crop_ids).encode())


def decode_stored(payload: bytes) -> tuple[str, ...]:
    """The ids that a confirmation names. Raises RecordInvalid."""
    try:
        ids = tuple(line for line in payload.decode().splitlines() if line)
    except UnicodeDecodeError as error:
        raise RecordInvalid(f"the confirmation is not UTF-8: {error}") from error
    if len(ids) > MAX_CONFIRMED:
        raise RecordInvalid(f"the confirmation names {len(ids)} crops; at most {MAX_CONFIRMED} are read")
    return ids


def _bare(image: bytes, site: str, camera: str, arrived_at: datetime | None) -> Crop:
    digest = hashlib.sha256(image).hexdigest()
    return Crop(image, site, camera, arrived_at or datetime.now(UTC), digest[:16], f"{site}/{camera}/{digest}")


def _described(image: bytes, given: Mapping[str, str]) -> Crop:
    if (schema := given.get("schema")) != SCHEMA:
        raise RecordInvalid(f"property 'schema' is {schema!r}, this version reads {SCHEMA!r}")
    site, camera = (props.required(given, name, props.matching(NAME)) for name in ("site", "camera"))
    captured_at = props.required(given, "captured_at", props.time)
    track = props.required(given, "track", props.matching(TRACK))
    expected = crop_id(site, camera, captured_at, track)
    if (said := given.get("crop_id", expected)) != expected:
        raise RecordInvalid(f"property 'crop_id' is {said[:200]!r}, by the other properties it is {expected!r}")
    return Crop(
        image, site, camera, captured_at, track, expected,
        label=props.optional(given, "label", props.label) or "face",
        box=props.optional(given, "box", props.box),
        area=props.optional(given, "area", props.box),
        sharpness=props.optional(given, "sharpness", props.positive),
        score=props.optional(given, "score", props.fraction),
    )  # fmt: skip
