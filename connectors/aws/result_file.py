"""Owns the result file of that system: JSON, written frame by frame, so that a long video needs no memory.

`{fps, codec_code, frames: [{frame_index, frame_timestamp, Human: {classes, boxes, scores}, Face: {…}}]}`: indices from
0, milliseconds, boxes `[ymin, xmin, ymax, xmax]` in fractions of the frame. A detector that failed has `error` too.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import IO, Any

from connectors.aws.detectors import Detector
from connectors.aws.fourcc import codec_code
from framewise.answers import Box, Detection, Result, Video

DIGITS = 6


def write(file: IO[bytes], video: Video, rows: Iterable[Result], detectors: Sequence[Detector]) -> int:
    """Write the rows of a video, which come by frame number; returns how many frames there were."""
    code = codec_code(video.codec)
    file.write(f'{{"fps": {json.dumps(video.fps)}, "codec_code": {json.dumps(code)}, "frames": ['.encode())
    written = 0
    for _, frame in groupby(rows, key=lambda row: row.frame_number):
        file.write(b",\n" if written else b"\n")
        file.write(json.dumps(_frame(list(frame), detectors)).encode())
        written += 1
    file.write(b"\n]}\n")
    return written


def _frame(rows: list[Result], detectors: Sequence[Detector]) -> dict[str, Any]:
    by_task = {row.task: row for row in rows}
    found = {d.kind.report: _found(by_task[d.kind.task], d) for d in detectors if d.kind.task in by_task}
    return {
        "frame_index": rows[0].frame_number - 1,
        "frame_timestamp": round(rows[0].media_time * 1000, 3),
    } | found


def _found(row: Result, detector: Detector) -> dict[str, Any]:
    counted = [(d, d.box) for d in row.detections if d.box is not None and _counts(d, detector)]
    found: dict[str, Any] = {
        "classes": [detector.kind.number] * len(counted),
        "boxes": [_corners(box) for _, box in counted],
        "scores": [detection.confidence for detection, _ in counted],
    }
    return found if row.error is None else found | {"error": row.error}


def _counts(detection: Detection, detector: Detector) -> bool:
    return detector.kind.label in (None, detection.label)


def _corners(box: Box) -> list[float]:
    """Corners instead of sizes; what rounding put outside is on the edge."""
    return [round(max(0.0, min(1.0, at)), DIGITS) for at in (box.y, box.x, box.y + box.height, box.x + box.width)]
