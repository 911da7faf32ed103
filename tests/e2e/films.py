"""The video that is analysed again and again while processes end, and what has to come out of it."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clips import make_clip

STEP = "2"
TASKS = ("objects_detection", "faces_detection")
NOT_COMPARED = ("video_id", "frame_url", "worker", "inference_ms")

Row = dict[str, Any]


@dataclass(frozen=True)
class Analysis:
    """What is kept of a video: its rows by frame and task, and the digests of its stored frames."""

    rows: dict[tuple[int, str], Row]
    frames: dict[int, str]


@dataclass(frozen=True)
class Film:
    """A video and how it is submitted."""

    path: Path
    fields: dict[str, str]

    @classmethod
    def of(cls, tasks: Collection[str], folder: Path) -> "Film":
        """With the mirror a street full of people, without it plain colours; of the tasks what can be had."""
        wanted = [task for task in TASKS if task in tasks] or ["color_detection"]
        fields = {"frameStep": STEP, "modelsToRun": ",".join(wanted)}
        if mirror := os.environ.get("FRAMEWISE_MIRROR"):
            return cls(Path(mirror) / "media" / "video" / "people_vtest.avi", fields)
        return cls(make_clip(folder / "colours.mp4", 800, size=(640, 480)), fields)

    @property
    def body(self) -> dict[str, Any]:
        """The same fields for a submission as JSON."""
        return {"frameStep": int(STEP), "modelsToRun": self.fields["modelsToRun"].split(",")}


def assert_same(found: Analysis, wanted: Analysis) -> None:
    """All is equal but who did it and how long it took; confidences within 0.001."""
    assert found.frames == wanted.frames
    assert found.rows.keys() == wanted.rows.keys()
    for key, row in wanted.rows.items():
        near = [d | {"confidence": pytest.approx(d["confidence"], abs=0.001)} for d in row["detections"]]
        assert _compared(found.rows[key]) == _compared(row | {"detections": near})


def _compared(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in NOT_COMPARED}
