"""Owns the export as CSV (RFC 4180, UTF-8): a row a detection; a frame and task without any keeps one row."""

import csv
import io
import json
from collections.abc import Iterator

from api.exports.pieces import batches
from api.exports.stream import Selection
from api.rows import COPIED
from pipeline.contracts.results import Detection, ResultRow

COLUMNS = (*COPIED, "label", "confidence", "x", "y", "width", "height", "attributes", "person_id")


class CsvExport:
    """Boxes are fractions of the frame, as in the API; `attributes` is a JSON object."""

    media_type = "text/csv; charset=utf-8; header=present"
    suffix = "results.csv"

    def write(self, selection: Selection) -> Iterator[bytes]:
        """The header, then the rows in pieces."""
        head: list[tuple[object, ...]] = [COLUMNS]
        for rows in batches(selection.rows):
            yield _lines(head + [line for row in rows for line in lines(row)])
            head = []
        if head:
            yield _lines(head)


def _lines(rows: list[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def lines(row: ResultRow) -> Iterator[tuple[object, ...]]:
    """A line for each detection, or one with empty fields."""
    captured_at = row.captured_at.isoformat() if row.captured_at else None
    of_row = (row.video_id, row.frame_number, row.media_time, captured_at, row.task.value, row.model, row.model_digest)
    outcome = (row.status.value, row.error, row.inference_ms, row.worker)
    for found in row.detections:
        yield of_row + outcome + _found(found)
    if not row.detections:
        yield of_row + outcome + (None,) * 8


def _found(found: Detection) -> tuple[object, ...]:
    box = found.box.numbers if found.box else (None,) * 4
    attributes = json.dumps(dict(found.attributes)) if found.attributes else None
    return (found.label, found.confidence, *box, attributes, found.person_id)
