"""What a worker does with a batch, on real Spark, with real models of colours and twins of nothing else."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pyspark.sql import DataFrame, SparkSession

from inference.analyzer import Analyzer
from pipeline.codecs import encode_frame
from pipeline.contracts.errors import DiskFull
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, ResultStatus, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings
from pipeline.frame_store import FolderFrameStore, InMemoryFrameStore
from pipeline.outcomes import Row
from spark_jobs import transforms
from spark_jobs.worker import FrameWorker, WorkerSettings, analyze_udf
from tests.unit.factories import a_frame, a_result, jpeg
from tests.unit.spark_jobs.test_transforms import KAFKA

COLORS = (TaskRequest(TaskName.COLORS),)


class Stub(Analyzer):
    """Says what it is told, without models."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def analyze(self, frames: Sequence[Frame]) -> list[tuple[FrameResult, ...]]:
        self.batches.append(len(frames))
        return [(a_result(),) for _ in frames]


def record(frame: Frame, **changed: bytes | None) -> Row:
    value, headers = encode_frame(frame)
    row = {"value": value, "topic": "frames", "partition": 0, "offset": frame.frame_number}
    return row | dict(headers) | changed


def test_good_and_bad_records_keep_their_order() -> None:
    analyzer, frames, video_id = Stub(), InMemoryFrameStore(), uuid4()
    worker = FrameWorker(analyzer, frames, "w1")
    found = worker.outcomes(
        [
            record(a_frame(video_id, 1)),
            record(a_frame(video_id, 2), schema=None),
            record(a_frame(video_id, 3), value=None),
            record(a_frame(video_id, 4)),
        ]
    )
    assert [o["analyzed"]["frame_number"] if o["analyzed"] else o["set_aside"]["offset"] for o in found] == [1, 2, 3, 4]
    assert [bool(o["set_aside"]) for o in found] == [False, True, True, False]
    assert analyzer.batches == [2]
    assert sorted(number for _, number in frames.frames) == [1, 4]


class FullStore(InMemoryFrameStore):
    """Has no room."""

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        raise DiskFull("no space")


def test_a_frame_that_cannot_be_stored_is_not_reported() -> None:
    with pytest.raises(DiskFull):
        FrameWorker(Stub(), FullStore(), "w1").outcomes([record(a_frame(uuid4()))])


def outcomes(spark: SparkSession, tmp_path: Path, records: DataFrame) -> list[Row]:
    settings = WorkerSettings(PathSettings(data_dir=tmp_path), gpu=False)
    udf = analyze_udf(settings, transforms.INPUT)
    rows: list[Row] = transforms.outcomes(transforms.parse(records), udf).toArrow().to_pylist()
    return rows


def test_a_batch_of_nothing_but_garbage(spark: SparkSession, tmp_path: Path) -> None:
    garbage = [
        (b"\x00\xff", "frames", 0, 0, None),
        (b"\x00\xff", "frames", 0, 1, [("schema", b"99")]),
        (None, "frames", 0, 2, [("schema", b"1")]),
        (b"x", "frames", 0, 3, [("schema", b"\xff\xfe\x00"), ("tasks", b"\xc3\x28")]),
    ]
    found = outcomes(spark, tmp_path, spark.createDataFrame(garbage, KAFKA))
    assert [o["analyzed"] for o in found] == [None] * 4
    assert [o["set_aside"]["offset"] for o in found] == [0, 1, 2, 3]
    assert [o["set_aside"]["value"] for o in found] == [b"\x00\xff", b"\x00\xff", None, b"x"]


def test_frames_through_real_workers(spark: SparkSession, tmp_path: Path) -> None:
    video_id = uuid4()
    frames = [replace(a_frame(video_id, n), tasks=COLORS) for n in range(1, 9)]
    frames.append(replace(a_frame(video_id, 9, b"\xff\xd8 no picture"), tasks=COLORS))
    rows = [(*_kafka(frame),) for frame in frames]
    rows.append((b"garbage", "frames", 0, 99, None))
    found = outcomes(spark, tmp_path, spark.createDataFrame(rows, KAFKA).repartition(2))
    analyzed = {o["analyzed"]["frame_number"]: o["analyzed"] for o in found if o["analyzed"]}
    assert sorted(analyzed) == list(range(1, 10))
    assert analyzed[1]["results"][0]["detections"][0]["label"].startswith("#")
    assert analyzed[9]["results"][0]["status"] == ResultStatus.FAILED
    assert len([o for o in found if o["set_aside"]]) == 1
    store = FolderFrameStore(PathSettings(data_dir=tmp_path).frames_dir)
    assert all(store.get(video_id, n) == jpeg() for n in range(1, 9))
    assert json.dumps(analyzed[1])


def _kafka(frame: Frame) -> tuple[object, ...]:
    value, headers = encode_frame(frame)
    return value, "frames", 0, frame.frame_number, headers
