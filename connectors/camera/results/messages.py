"""Owns the older result message: what was found in one picture of a camera, as that system's consumers read it."""

import base64
import json
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from pipeline.contracts.results import AnalyzedFrame, Box, Detection

ROWS = ("top", "middle", "bottom")
COLUMNS = ("left", "center", "right")
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"
"""Always with microseconds: consumers there parse exactly this, and stop at a time of whole seconds without them."""

Message = dict[str, Any]


def result_message(camera_id: str, captured_at: datetime, frame: AnalyzedFrame, zone: tzinfo | None) -> Message:
    """All of the message but its picture; the surest finding first. What has no place in the picture is left out.

    The time is that of capture, on a clock in `zone` (None: this machine's), without saying which.
    """
    found = (finding for result in frame.results for finding in result.detections)
    return {
        "timestamp": captured_at.astimezone(zone).strftime(TIME_FORMAT),
        "camera_id": camera_id,
        "objects": _objects(found),
        "image": "",
    }


def _objects(found: Iterable[Detection]) -> list[Message]:
    placed = [(finding, finding.box) for finding in found if finding.box is not None]
    placed.sort(key=lambda pair: -pair[0].confidence)
    return [
        {"label": finding.label, "score": round(finding.confidence, 2), "sector": sector(box)}
        for finding, box in placed
    ]


def sector(box: Box) -> list[str]:
    """The field of the 3 × 3 grid that holds the box's centre: its row, then its column."""
    return [ROWS[_third(box.y + box.height / 2)], COLUMNS[_third(box.x + box.width / 2)]]


def _third(share: float) -> int:
    return min(max(int(share * 3), 0), 2)


def encode_message(message: Message, jpeg: bytes) -> bytes:
    """The message as JSON with the picture as Base64."""
    return json.dumps({**message, "image": base64.b64encode(jpeg).decode()}).encode()
