"""Owns the export as JSON: one object in the shape of a page, with every row."""

import json
from collections.abc import Iterator

from api.exports.pieces import batches
from api.exports.stream import Selection
from api.rows import row_json


class JsonExport:
    """`{"items": […], "next_cursor": null, "complete": …}`."""

    media_type = "application/json"
    suffix = "results.json"

    def write(self, selection: Selection) -> Iterator[bytes]:
        """The object in pieces of some hundred rows."""
        before = '{"items": [\n'
        for rows in batches(selection.rows):
            yield before.encode() + b",\n".join(map(row_json, rows))
            before = ",\n"
        opened = "" if before.startswith(",") else before
        complete = json.dumps(selection.video.status.terminal)
        yield f'{opened}\n], "next_cursor": null, "complete": {complete}}}\n'.encode()
