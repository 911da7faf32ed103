"""Owns result rows as JSON, in the shape of ResultAnswer without building one: a page has hundreds of detections."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from pydantic_core import to_json

from pipeline.contracts.results import Detection, ResultRow

COPIED = tuple(f.name for f in fields(ResultRow) if f.name != "detections")
"""What is shown of a row as it is, in this order."""


def row_json(row: ResultRow) -> bytes:
    """A row as the API shows it."""
    return to_json(_row(row))


def page_json(rows: Iterable[ResultRow], next_cursor: str | None, complete: bool) -> bytes:
    """A page as the API shows it, in the shape of ResultsAnswer."""
    return to_json({"items": [_row(row) for row in rows], "next_cursor": next_cursor, "complete": complete})


def _row(row: ResultRow) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in COPIED}
    shown["frame_url"] = f"/analysis/{row.video_id}/frame/{row.frame_number}"
    shown["detections"] = [_detection(found) for found in row.detections]
    return shown


def _detection(found: Detection) -> dict[str, Any]:
    box = found.box
    return {
        "label": found.label,
        "confidence": found.confidence,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height} if box else None,
        "attributes": found.attributes,
        **({"person_id": found.person_id} if found.person_id else {}),
        **({"track_id": found.track_id} if found.track_id else {}),
    }
