"""Owns the notebook (nbformat 4.5): from a submission to answers in Python, and the list of all operations."""

from collections.abc import Iterator
from typing import Any

from api.documents.operations import Document, operations

INTRODUCTION = """\
# Framewise from Python

This notebook submits a video, follows it, and reads what was found. Start the service with `./run.sh`, then run it from
the source tree's virtual environment, or install the client with `pip install .`.

It takes the video that `FRAMEWISE_VIDEO` names (a file or an address), the service at `FRAMEWISE_URL`, and the API key
in `FRAMEWISE_KEY` where one is asked for."""

CELLS: tuple[tuple[str, str], ...] = (
    ("markdown", INTRODUCTION),
    (
        "code",
        """\
import os

import framewise

VIDEO = os.environ.get("FRAMEWISE_VIDEO", "street.mp4")
client = framewise.Client(os.environ.get("FRAMEWISE_URL", "http://127.0.0.1:8000"), os.environ.get("FRAMEWISE_KEY"))
{model.task: model.model for model in client.models()}""",
    ),
    ("markdown", "## Submit and follow\n\nEvery tenth frame, for objects and colours."),
    (
        "code",
        """\
submit = client.start if "://" in VIDEO else client.upload
video = submit(VIDEO, tasks=["objects_detection", "color_detection"], frame_step=10, tags=["notebook"])
video.video_id""",
    ),
    (
        "code",
        """\
video = client.wait(video.video_id, timeout=600)
print(video.status, video.frames, video.warnings)
if video.error:
    raise RuntimeError(video.error.detail)""",
    ),
    ("markdown", "## Results\n\nRows by frame number, page by page. Boxes are fractions of the frame."),
    (
        "code",
        """\
rows = list(client.results(video.video_id, task="objects_detection", min_confidence=0.5))
for row in rows[:10]:
    print(f"{row.media_time:7.2f} s", [(found.label, round(found.confidence, 2)) for found in row.detections])""",
    ),
    ("markdown", "The frame with the most objects, with boxes and labels:"),
    (
        "code",
        """\
from IPython.display import Image

fullest = max(rows, key=lambda row: len(row.detections))
Image(client.frame(video.video_id, fullest.frame_number))""",
    ),
    ("markdown", "## Answers\n\nWhat was found in the video, label by label:"),
    ("code", "client.summary(video.video_id, min_confidence=0.5).model_dump()"),
    ("markdown", "In which videos there is such a thing:"),
    (
        "code",
        """\
label = next((found.label for row in rows for found in row.detections), "person")
for found in client.search(label=label, limit=5):
    print(found.video_name, found.model_dump(exclude={"video_id", "video_name"}))""",
    ),
    ("markdown", "As a table, for pandas and others (`json`, `csv`, `parquet`, `coco`):"),
    (
        "code",
        """\
import pandas as pd

pd.read_csv(client.export(video.video_id, "csv", "results.csv")).head()""",
    ),
    (
        "markdown",
        "## Events\n\nThey come while the video is analysed; of one that has ended, all at once. A broken connection "
        "is taken up where it was.",
    ),
    (
        "code",
        """\
from collections import Counter

Counter(event.type for event in client.events(video.video_id))""",
    ),
    ("markdown", "## Another look\n\nThe stored frames again, for faces, without sending the video a second time:"),
    (
        "code",
        """\
again = client.wait(client.rerun(video.video_id, tasks=["faces_detection"]).video_id, timeout=600)
print(again.status, again.frames)
client.compare(video.video_id, again.video_id).model_dump()""",
    ),
    ("markdown", "## Clearing up"),
    (
        "code",
        """\
for one in (again, video):
    client.delete(one.video_id)
client.close()""",
    ),
)


def notebook(document: Document) -> dict[str, Any]:
    """The notebook, with the operations of an OpenAPI document at its end."""
    cells = [*CELLS, ("markdown", "\n".join(_table(document)))]
    return {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}


def _table(document: Document) -> Iterator[str]:
    yield f"## Every operation of {document['info']['title']} {document['info']['version']}\n"
    yield "| call | what it does |"
    yield "|---|---|"
    for operation in operations(document):
        yield f"| `{operation.method} {operation.path}` | {operation.content['summary']} |"
