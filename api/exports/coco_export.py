"""Owns the export in the COCO detection format: boxes in pixels of the source, colours left out.

https://cocodataset.org/#format-data. Annotations are sent as they are read; the images wait in a file, since the format
has them in a list of their own, so that one pass over the rows is enough and both lists agree.
"""

import json
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from api.exports.pieces import batches
from api.exports.stream import Selection
from pipeline.contracts.errors import Conflict
from pipeline.contracts.results import Box, Detection, ResultRow, TaskName
from pipeline.stores.rows import ResultQuery

IN_MEMORY = 2**20
READ_BYTES = 2**18
TASKS = tuple(TaskName)
MOST_FINDINGS = 1000
"""Of one frame and task, as far as annotation ids are concerned."""
ID_BITS = 31


class CocoExport:
    """An image's id is its frame number; the ids of annotations and categories are the same in every export."""

    media_type = "application/json"
    suffix = "coco.json"

    def write(self, selection: Selection) -> Iterator[bytes]:
        """`info`, `annotations`, `images`, `categories`."""
        size = selection.progress.width, selection.progress.height
        if size[0] is None or size[1] is None:
            raise Conflict("the size of the video's frames is not known yet, and COCO boxes are in pixels; try later")
        drawing = _Drawing(selection.query, size[0], size[1])
        yield ('{"info": ' + json.dumps(_info(selection)) + ', "licenses": [], "annotations": [').encode()
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as images:
            separator = "\n"
            for rows in batches(row for row in selection.unnarrowed if selection.query.narrow(row) is not None):
                images.write("".join(drawing.images(rows)).encode())
                if annotations := [json.dumps(a) for row in rows for a in drawing.annotations(row)]:
                    yield (separator + ",\n".join(annotations)).encode()
                    separator = ",\n"
            yield b'\n], "images": ['
            images.seek(0)
            while piece := images.read(READ_BYTES):
                yield piece
        yield ('\n], "categories": ' + json.dumps(drawing.categories()) + "}\n").encode()


def _info(selection: Selection) -> dict[str, Any]:
    video = selection.video
    return {
        "description": f"What Framewise found in {video.video_name}",
        "version": "1.0",
        "year": video.created_at.year,
        "contributor": "",
        "url": f"/analysis/{video.video_id}",
        "date_created": video.created_at.isoformat(),
    }


@dataclass
class _Drawing:
    """What was sent so far: the last image, and the categories."""

    query: ResultQuery
    width: int
    height: int
    _last_image: int | None = None
    _categories: dict[tuple[TaskName, str], int] = field(default_factory=dict)

    def images(self, rows: list[ResultRow]) -> Iterator[str]:
        """An entry for each frame that is new, as text with its separator."""
        for row in rows:
            if row.frame_number == self._last_image or row.task is TaskName.COLORS:
                continue
            separator = "\n" if self._last_image is None else ",\n"
            self._last_image = row.frame_number
            yield separator + json.dumps(self._image(row))

    def _image(self, row: ResultRow) -> dict[str, Any]:
        return {
            "id": row.frame_number,
            "file_name": f"{row.frame_number}.jpg",
            "width": self.width,
            "height": self.height,
            "date_captured": row.captured_at.isoformat() if row.captured_at else "",
            "license": 0,
            "coco_url": f"/analysis/{row.video_id}/frame/{row.frame_number}?annotate=false",
            "media_time": row.media_time,
        }

    def annotations(self, row: ResultRow) -> Iterator[dict[str, Any]]:
        """An entry for each wanted detection that has a box; its id holds its place among all of the row."""
        narrowed = self.query.narrow(row)
        wanted = {id(found) for found in narrowed.detections} if narrowed is not None else set()
        for place, found in enumerate(row.detections):
            if found.box is not None and id(found) in wanted:
                yield self._annotation(row, place, found, found.box)

    def _annotation(self, row: ResultRow, place: int, found: Detection, box: Box) -> dict[str, Any]:
        x, y = box.x * self.width, box.y * self.height
        width, height = box.width * self.width, box.height * self.height
        return {
            "id": (row.frame_number * len(TASKS) + TASKS.index(row.task)) * MOST_FINDINGS + place,
            "image_id": row.frame_number,
            "category_id": self._category(row.task, found.label),
            "bbox": [round(value, 2) for value in (x, y, width, height)],
            "area": round(width * height, 2),
            "iscrowd": 0,
            "score": found.confidence,
            "attributes": dict(found.attributes),
        }

    def _category(self, task: TaskName, label: str) -> int:
        """An id made of the names, so that it is the same in the exports of other videos."""
        if (task, label) not in self._categories:
            number = zlib.crc32(f"{task}/{label}".encode()) % 2**ID_BITS + 1
            while number in self._categories.values():
                number += 1
            self._categories[task, label] = number
        return self._categories[task, label]

    def categories(self) -> list[dict[str, Any]]:
        """The labels that were found."""
        return [
            {"id": number, "name": label, "supercategory": task.value}
            for (task, label), number in self._categories.items()
        ]
