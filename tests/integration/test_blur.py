"""Real faces in real films, hidden with the shipped models: the model that found them finds them no more."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.contracts.frames import Frame, StoreFrames
from pipeline.contracts.results import Box, TaskName, TaskRequest
from pipeline.pictures import decode
from pipeline.stores.frames import InMemoryFrameStore
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.in_flight import InFlight
from spark_jobs.worker import FrameWorker
from tests.integration.samples import analyzer, media, video_frames
from tests.unit.spark_jobs.test_worker import Kept, Stub, record

UNSURE = 0.5
COVERED = 0.5
"""A face that is found in a blurred picture is one of those that were there if it covers so much of one."""


def faces(frames: Sequence[Frame], least: float | None) -> list[list[Box]]:
    """What the model finds in each picture."""
    asked = (TaskRequest(TaskName.FACES, least),)
    results = analyzer().analyze([replace(frame, tasks=asked, store=StoreFrames.FULL) for frame in frames])
    return [[found.box for found in result.detections if found.box] for [result] in results]


def covered(one: Box, other: Box) -> float:
    """How much of `one` is in `other`."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, width) * max(0.0, height) / (one.width * one.height)


@pytest.mark.parametrize(
    ("clip", "tasks"),
    [
        ("face-demographics-walking-and-pause_fromgif.mp4", (TaskRequest(TaskName.COLORS),)),
        ("carphone_face_qcif.mp4", (TaskRequest(TaskName.FACES, 0.99),)),
        ("friday_bw_3women.mp4", (TaskRequest(TaskName.FACES),)),
        ("head-pose-face-detection-male_fromgif.mp4", (TaskRequest(TaskName.EMOTIONS),)),
    ],
)
def test_no_face_is_left(clip: str, tasks: tuple[TaskRequest, ...], tmp_path: Path) -> None:
    frames = [
        replace(frame, tasks=tasks, store=StoreFrames.BLURRED)
        for frame in video_frames(media("video", clip), [TaskName.FACES], step=20)
    ]
    store, sink = InMemoryFrameStore(), Kept()
    careful = CarefulAnalyzer(analyzer(), InFlight(tmp_path), Alone(Stub, 30), 60)
    list(FrameWorker(careful, store, sink, "w1").outcomes([[record(frame) for frame in frames]]))
    assert [[r.task for r in found.results] for found in sink.frames] == [[t.name for t in tasks]] * len(frames)

    kept = [replace(frame, jpeg=store.frames[frame.video_id, frame.frame_number]) for frame in frames]
    there, left = faces(frames, None), faces(kept, UNSURE)
    assert sum(map(len, there)) >= len(frames) / 2
    for before, after, was, still in zip(frames, kept, there, left, strict=True):
        if was:
            assert float(abs(decode(before.jpeg).astype(int) - decode(after.jpeg)).max()) > 30
        assert not [(face, box) for face in was for box in still if covered(face, box) > COVERED], before.frame_number
