"""What a worker does with a batch, on real Spark, with real models of colours and twins of nothing else."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pyspark.sql import DataFrame, SparkSession

from inference.analyzer import Analyzer
from pipeline.contracts.errors import DiskFull, StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame, FrameResult, ModelInfo, ResultStatus, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings
from pipeline.kafka.codecs import encode_frame, encode_outcome
from pipeline.kafka.publishing import DeadLetter
from pipeline.stores.frames import FolderFrameStore, InMemoryFrameStore
from spark_jobs import transforms
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.in_flight import InFlight
from spark_jobs.records import Row
from spark_jobs.worker import FrameWorker, analyze_udf
from tests.unit.factories import a_frame, a_result, jpeg
from tests.unit.spark_jobs.test_transforms import KAFKA

COLORS = (TaskRequest(TaskName.COLORS),)


class Stub(Analyzer):
    """Says what it is told, without models."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        return []

    def analyze(
        self, frames: Sequence[Frame], beat: Callable[[], None] = lambda: None
    ) -> list[tuple[FrameResult, ...]]:
        self.batches.append(len(frames))
        return [(a_result(),) for _ in frames]


def record(frame: Frame, **changed: bytes | None) -> Row:
    value, headers = encode_frame(frame)
    row = {"value": value, "topic": "frames", "partition": 0, "offset": frame.frame_number}
    return row | dict(headers) | changed


class Kept:
    """A sink that keeps frames and letters in memory; fails when told."""

    def __init__(self, failure: Exception | None = None, unwanted: Sequence[int] = ()) -> None:
        self.frames: list[AnalyzedFrame] = []
        self.letters: list[DeadLetter] = []
        self.failure = failure
        self.unwanted = unwanted
        self.finished = 0

    def wanted(self, frames: Sequence[Frame]) -> list[bool]:
        return [frame.frame_number not in self.unwanted for frame in frames]

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        return [False] * len(frames)

    def keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        if self.failure is not None:
            raise self.failure
        self.frames.extend(frames)
        self.letters.extend(letters)

    def finish(self) -> None:
        self.finished = len(self.frames)


class Files:
    """A sink that other processes can look at: a file an outcome."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wanted(self, frames: Sequence[Frame]) -> list[bool]:
        return [True] * len(frames)

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        return [False] * len(frames)

    def keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        for frame in frames:
            (self.folder / f"frame-{frame.frame_number}.json").write_bytes(encode_outcome(frame))
        for letter in letters:
            (self.folder / f"letter-{letter.offset}.json").write_text(repr(letter.value))

    def finish(self) -> None:
        """Nothing is counted."""


def careful(analyzer: Analyzer, folder: Path) -> CarefulAnalyzer:
    return CarefulAnalyzer(analyzer, InFlight(folder), Alone(Stub, 30), 30)


def test_good_and_bad_records_keep_their_order(tmp_path: Path) -> None:
    analyzer, frames, sink, video_id = Stub(), InMemoryFrameStore(), Kept(), uuid4()
    worker = FrameWorker(careful(analyzer, tmp_path), frames, sink, "w1")
    records = [
        record(a_frame(video_id, 1)),
        record(a_frame(video_id, 2), schema=None),
        record(a_frame(video_id, 3), value=None),
        record(a_frame(video_id, 4)),
    ]
    (found,) = worker.outcomes([records])
    own = str(video_id)
    assert [row["video_id"] for row in found] == [own, None, None, own]
    assert [frame.frame_number for frame in sink.frames] == [1, 4]
    assert [(letter.topic, letter.offset) for letter in sink.letters] == [("frames", 2), ("frames", 3)]
    assert analyzer.batches == [2]
    assert sorted(number for _, number in frames.frames) == [1, 4]


def test_everything_is_kept_when_the_last_batch_has_been_taken(tmp_path: Path) -> None:
    sink, video_id = Kept(), uuid4()
    worker = FrameWorker(careful(Stub(), tmp_path), InMemoryFrameStore(), sink, "w1")
    batches = [[record(a_frame(video_id, n))] for n in range(1, 6)]
    assert len(list(worker.outcomes(batches))) == 5
    assert [frame.frame_number for frame in sink.frames] == [1, 2, 3, 4, 5]
    assert sink.finished == 5


def test_a_batch_that_takes_long_is_taken_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_jobs.worker.PORTION_SECONDS", 1e-9)
    analyzer, sink, video_id = Stub(), Kept(), uuid4()
    worker = FrameWorker(careful(analyzer, tmp_path), InMemoryFrameStore(), sink, "w1")
    batches = [[record(a_frame(video_id, n)) for n in numbers] for numbers in ((1, 2), (3, 4, 5))]
    assert [len(said) for said in worker.outcomes(batches)] == [2, 3]
    assert analyzer.batches == [2, 1, 1, 1]
    assert [frame.frame_number for frame in sink.frames] == [1, 2, 3, 4, 5]


class FullStore(InMemoryFrameStore):
    """Has no room, for as many calls as it is told."""

    def __init__(self, calls: float) -> None:
        super().__init__()
        self.calls = calls

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        if self.calls > 0:
            self.calls -= 1
            raise DiskFull("no space")
        super().put(video_id, frame_number, jpeg)


def test_a_frame_that_cannot_be_stored_is_not_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_jobs.worker.RETRY_SECONDS", -1)
    sink = Kept()
    worker = FrameWorker(careful(Stub(), tmp_path), FullStore(math.inf), sink, "w1")
    with pytest.raises(DiskFull):
        list(worker.outcomes([[record(a_frame(uuid4()))]]))
    assert sink.frames == []


def test_a_disk_with_space_again_loses_nothing(tmp_path: Path) -> None:
    sink, frames = Kept(), FullStore(1)
    list(FrameWorker(careful(Stub(), tmp_path), frames, sink, "w1").outcomes([[record(a_frame(uuid4()))]]))
    assert len(sink.frames) == len(frames.frames) == 1


@pytest.mark.parametrize("batches", [1, 3])
def test_what_cannot_be_kept_fails_the_task(batches: int, tmp_path: Path) -> None:
    sink = Kept(StoreUnavailable("away"))
    worker = FrameWorker(careful(Stub(), tmp_path), InMemoryFrameStore(), sink, "w1")
    with pytest.raises(StoreUnavailable):
        list(worker.outcomes([record(a_frame(uuid4()))] for _ in range(batches)))


def test_frames_that_are_not_wanted_any_more_are_neither_stored_nor_analysed(tmp_path: Path) -> None:
    analyzer, frames, sink, video_id = Stub(), InMemoryFrameStore(), Kept(unwanted=[2, 3]), uuid4()
    records = [record(a_frame(video_id, n)) for n in range(1, 5)]
    (said,) = FrameWorker(careful(analyzer, tmp_path), frames, sink, "w1").outcomes([records])
    assert len(said) == 4
    assert analyzer.batches == [2]
    assert [number for _, number in frames.frames] == [f.frame_number for f in sink.frames] == [1, 4]


def keep_in_files(spark: SparkSession, tmp_path: Path, records: DataFrame) -> tuple[list[Row], dict[str, Any]]:
    """What real workers say, and what they kept."""
    paths = PathSettings(data_dir=tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()

    def open_worker() -> FrameWorker:
        analyzer = Analyzer.from_settings(paths, gpu=False)
        return FrameWorker(careful(analyzer, tmp_path), FolderFrameStore(paths.frames_dir), Files(kept), "w1")

    udf = analyze_udf(open_worker, transforms.INPUT)
    rows: list[Row] = transforms.outcomes(transforms.parse(records), udf).toArrow().to_pylist()
    return rows, {path.stem: path.read_text() for path in kept.iterdir()}


def test_a_batch_of_nothing_but_garbage(spark: SparkSession, tmp_path: Path) -> None:
    garbage = [
        (b"\x00\xff", "frames", 0, 0, None),
        (b"\x00\xff", "frames", 0, 1, [("schema", b"99")]),
        (None, "frames", 0, 2, [("schema", b"1")]),
        (b"x", "frames", 0, 3, [("schema", b"\xff\xfe\x00"), ("tasks", b"\xc3\x28")]),
    ]
    rows, kept = keep_in_files(spark, tmp_path, spark.createDataFrame(garbage, KAFKA))
    assert rows == [{"video_id": None}] * 4
    garbage_text = repr(b"\x00\xff")
    assert kept == {"letter-0": garbage_text, "letter-1": garbage_text, "letter-2": "None", "letter-3": repr(b"x")}


def test_frames_through_real_workers(spark: SparkSession, tmp_path: Path) -> None:
    video_id = uuid4()
    frames = [replace(a_frame(video_id, n), tasks=COLORS) for n in range(1, 9)]
    frames.append(replace(a_frame(video_id, 9, b"\xff\xd8 no picture"), tasks=COLORS))
    rows = [(*_kafka(frame),) for frame in frames]
    rows.append((b"garbage", "frames", 0, 99, None))
    said, kept = keep_in_files(spark, tmp_path, spark.createDataFrame(rows, KAFKA).repartition(2))
    assert Counter(row["video_id"] for row in said) == {str(video_id): 9, None: 1}
    assert set(kept) == {f"frame-{n}" for n in range(1, 10)} | {"letter-99"}
    first, ninth = json.loads(kept["frame-1"]), json.loads(kept["frame-9"])
    assert first["results"][0]["detections"][0]["label"].startswith("#")
    assert ninth["results"][0]["status"] == ResultStatus.FAILED
    store = FolderFrameStore(PathSettings(data_dir=tmp_path).frames_dir)
    assert all(store.get(video_id, n) == jpeg() for n in range(1, 9))


def _kafka(frame: Frame) -> tuple[object, ...]:
    value, headers = encode_frame(frame)
    return value, "frames", 0, frame.frame_number, headers
