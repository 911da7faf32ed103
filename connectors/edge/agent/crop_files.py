"""Owns the file of a crop in the spool: a line of JSON with the message's topic and properties, then the picture."""

import json
import os
from pathlib import Path

from connectors.edge.messages import Message
from pipeline.contracts.errors import DiskFull, RecordInvalid

ENDING, PART = ".crop", ".part"


def _bytes(crop_id: str, message: Message) -> bytes:
    """A line of JSON, then the picture."""
    head = {
        "crop_id": crop_id,
        "topic": message.topic,
        "properties": message.properties,
        "content_type": message.content_type,
        "bytes": len(message.payload),
    }
    return json.dumps(head).encode() + b"\n" + message.payload


def read_crop(path: Path) -> tuple[str, Message]:
    """The id and the message of a file. Raises OSError, and RecordInvalid for one that is not whole."""
    head, _, payload = path.read_bytes().partition(b"\n")
    try:
        said = json.loads(head)
        properties = tuple((str(name), str(value)) for name, value in said["properties"])
        message = Message(said["topic"], payload, properties, said["content_type"])
        if said["bytes"] != len(payload):
            raise RecordInvalid(f"it has {len(payload)} of {said['bytes']} bytes")
        return str(said["crop_id"]), message
    except (ValueError, KeyError, TypeError) as e:
        raise RecordInvalid(f"its first line is not that of a crop: {e}") from e


def write_crop(path: Path, crop_id: str, message: Message) -> int:
    """Write a file, whole or not at all; its size. Raises DiskFull."""
    part, data = path.with_suffix(PART), _bytes(crop_id, message)
    try:
        with part.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        return len(data)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise DiskFull(f"a crop cannot be kept in {path.parent}: {e.strerror or e}") from e
