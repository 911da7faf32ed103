"""Owns the process that is measured: an analyzer of one state of the code, asked line by line on its input.

It is run as a file, with the tree to measure on Python's path: of this tree's own code it imports nothing.
"""

import contextlib
import cProfile
import json
import pickle
import pstats
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from inference.analyzer import Analyzer
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import USUAL_TASKS, TaskName, TaskRequest

STAGES = {
    "read the JPEG": ("images.py:decode_jpeg",),
    "scale, lay out": ("tensors.py:draw", "tensors.py:empty", "tensors.py:fill"),
    "run the network": ("onnx.py:run", "tensorflow.py:run"),
    "find the boxes": ("yolox.py:decode", "yunet.py:decode", "base.py:select", "scores.py:decode"),
    "k-means": ("~:<built-in method kmeans>", "~:<kmeans>"),
    "colours, the rest": ("colors.py:main_colors",),
}
"""Functions, by what is spent in them and below; each is in one stage only, but for k-means, which is taken off."""


def _frames(clip: list[bytes], tasks: list[str]) -> list[Frame]:
    asked = tuple(TaskRequest(TaskName(task)) for task in tasks)
    return [Frame(uuid.UUID(int=1), 1, n, 0.0, None, 0, 0, asked, jpeg) for n, jpeg in enumerate(clip, start=1)]


def _found(results: Any) -> list[Any]:
    """What was found, without times."""
    return [
        [
            (r.task.value, d.label, d.confidence, d.box and (d.box.x, d.box.y, d.box.width, d.box.height))
            for r in frame
            for d in r.detections
        ]
        for frame in results
    ]


def _stages(profile: cProfile.Profile, frames: int) -> dict[str, float]:
    spent = {
        f"{Path(file).name}:{name}" if file != "~" else f"~:{name}": row[3]
        for (file, _, name), row in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    }
    shown = {
        stage: sum(seconds for place, seconds in spent.items() if place in places) * 1000 / frames
        for stage, places in STAGES.items()
    }
    shown["colours, the rest"] = max(0.0, shown["colours, the rest"] - shown["k-means"])
    return shown


def serve(clips: dict[str, list[bytes]], analyzer: Analyzer) -> None:
    """Answer each line `{"clip": …, "tasks": …, "how": "time"|"stages"|"found"}` by one line."""
    for line in sys.stdin:
        asked = json.loads(line)
        frames = _frames(clips[asked["clip"]], asked["tasks"])
        profile = cProfile.Profile(time.process_time)
        began = time.process_time()
        with profile if asked["how"] == "stages" else contextlib.nullcontext():
            results = analyzer.analyze(frames)
        spent = (time.process_time() - began) * 1000 / len(frames)
        told: Any = {"time": spent}
        if asked["how"] == "found":
            told = _found(results)
        elif asked["how"] == "stages":
            told = _stages(profile, len(frames)) | {"all": spent}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    tree, weights, mirror, clips_file = map(Path, sys.argv[1:5])
    opened = Analyzer(tree / "models", weights, mirror)
    opened.warm(USUAL_TASKS)
    print(json.dumps("ready"), flush=True)
    serve(pickle.loads(clips_file.read_bytes()), opened)  # noqa: S301 - written by who started this
