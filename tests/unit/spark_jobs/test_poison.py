"""Frames that end, hang or stop the process that analyses them, on real Spark with real processes."""

import functools
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from inference.analyzer import Analyzer
from pipeline.contracts.errors import FrameFatal
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, ModelInfo, TaskName
from pipeline.kafka.codecs import encode_frame
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from spark_jobs import transforms
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.in_flight import InFlight, folder_of
from spark_jobs.live import LiveTask
from spark_jobs.live_counts import LateCounts
from spark_jobs.records import Row
from spark_jobs.watchdog import Watchdog
from spark_jobs.worker import FrameWorker, analyze_udf
from tests.unit.factories import a_frame, a_result
from tests.unit.spark_jobs.test_live import Listed
from tests.unit.spark_jobs.test_transforms import KAFKA
from tests.unit.spark_jobs.test_worker import Files, record

SEGFAULT, HANG, STOP, EXIT = b"segfault", b"hang", b"stop", b"exit"


class Fragile(Analyzer):
    """Does what the picture says, as a broken decoder would; any other picture has a dog."""

    def __init__(self) -> None:
        pass

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        return []

    def analyze(
        self, frames: Sequence[Frame], beat: Callable[[], None] = lambda: None
    ) -> list[tuple[FrameResult, ...]]:
        beat()
        for frame in frames:
            match frame.jpeg:
                case b"segfault":
                    os.kill(os.getpid(), signal.SIGSEGV)
                case b"hang":
                    time.sleep(3600)
                case b"stop":
                    os.kill(os.getpid(), signal.SIGSTOP)
                case b"exit":
                    os._exit(3)
        return [(a_result(),) for _ in frames]


def worker_in(folder: Path, hang_seconds: float) -> FrameWorker:
    careful = CarefulAnalyzer(Fragile(), InFlight(folder_of(folder)), Alone(Fragile, hang_seconds), hang_seconds)
    return FrameWorker(careful, FolderFrameStore(folder / "frames"), Files(folder / "kept"), "w1")


@pytest.mark.parametrize(
    ("deadly", "hang_seconds"),
    [([SEGFAULT, SEGFAULT], 60.0), ([STOP], 4.0), pytest.param([HANG], 4.0, marks=pytest.mark.slow)],
)
def test_deadly_frames_are_set_aside_and_the_rest_goes_on(
    spark: SparkSession, tmp_path: Path, deadly: list[bytes], hang_seconds: float
) -> None:
    (tmp_path / "kept").mkdir()
    pictures = [b"good"] * 4 + [deadly[0]] + [b"good"] * 4 + deadly[1:] + [b"good"] * 3
    rows = []
    for number, picture in enumerate(pictures, start=1):
        value, headers = encode_frame(a_frame(uuid4(), number, picture))
        rows.append((value, "frames", number % 2, number, headers))
    watchdog = Watchdog(folder_of(tmp_path), hang_seconds + 2)
    watchdog.start()
    try:
        udf = analyze_udf(functools.partial(worker_in, tmp_path, hang_seconds), transforms.INPUT)
        frame = spark.createDataFrame(rows, KAFKA).coalesce(1)
        said = transforms.outcomes(transforms.parse(frame), udf).toArrow()
    finally:
        watchdog.stop()
    assert said.num_rows == len(pictures)
    kept = {path.stem: path.read_text() for path in (tmp_path / "kept").iterdir()}
    bad = {number for number, picture in enumerate(pictures, start=1) if picture != b"good"}
    assert set(kept) == {f"frame-{n}" for n in range(1, len(pictures) + 1)} | {f"letter-{n}" for n in bad}
    for number in range(1, len(pictures) + 1):
        outcome = json.loads(kept[f"frame-{number}"])
        assert bool(outcome["error"]) == (number in bad), outcome
        assert outcome["results"][0]["status"] == ("failed" if number in bad else "ok")


@pytest.fixture
def alone() -> Iterable[Alone]:
    child = Alone(Fragile, 3.0)
    yield child
    child.close()


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(SEGFAULT, "SIGSEGV"), (EXIT, "status 3"), (HANG, "no answer within 3 s"), (STOP, "no answer within 3 s")],
)
def test_a_frame_alone_ends_only_its_child(alone: Alone, picture: bytes, reason: str) -> None:
    with pytest.raises(FrameFatal, match=reason):
        alone.analyze(a_frame(uuid4(), 1, picture))
    assert alone.analyze(a_frame(uuid4(), 2, b"good")) == (a_result(),)


def test_what_another_process_held_is_suspected_until_it_is_cleared(tmp_path: Path) -> None:
    other = {"host": "elsewhere", "pid": 1, "started": 0.0, "places": [["frames", 0, 7], ["frames", 1, 8]]}
    (tmp_path / "elsewhere-1.json").write_text(json.dumps(other))
    (tmp_path / "elsewhere-2.json").write_text("{no json")
    mine = InFlight(tmp_path)
    mine.hold([("frames", 0, 1)])
    assert mine.suspects() == {("frames", 0, 7), ("frames", 1, 8)}
    mine.clear([("frames", 0, 7)])
    assert mine.suspects() == {("frames", 1, 8)}


def test_the_watchdog_forgets_processes_that_have_ended_with_nothing(tmp_path: Path) -> None:
    gone = InFlight(tmp_path)._held
    for name, places in (("empty", []), ("full", [["frames", 0, 7]])):
        held = {"host": gone.host, "pid": 2**22 - 1, "started": 1.0, "places": places}
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
    Watchdog(tmp_path, 60).look()
    assert [path.name for path in tmp_path.glob("*.json")] == ["full.json"]


class Filed(Listed):
    """Live frames that another process goes on with: up to where they are kept is in a file."""

    def __init__(self, records: Sequence[Row], file: Path) -> None:
        self.file = file
        super().__init__(record for record in records if record["offset"] > self.last())

    def last(self) -> int:
        return int(self.file.read_text()) if self.file.exists() else 0

    def kept(self, record: Row) -> None:
        self.file.write_text(str(record["offset"]))


def test_a_deadly_live_frame_is_set_aside_and_the_stream_goes_on(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    pictures = [b"good"] * 3 + [SEGFAULT] + [b"good"] * 3
    records = [record(a_frame(uuid4(), number, picture)) for number, picture in enumerate(pictures, start=1)]

    def serve(rows: Iterable[object]) -> Iterator[int]:
        patience = time.monotonic() + 60
        frames = Filed(records, tmp_path / "offset")
        counts = LateCounts(InMemoryVideoStore(), InMemoryResultStore())
        task = LiveTask(worker_in(tmp_path, 60.0), frames, counts)
        task.run(lambda: frames.last() < len(pictures) and time.monotonic() < patience)
        yield frames.last()

    assert spark.sparkContext.parallelize([0], 1).mapPartitions(serve).collect() == [len(pictures)]
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert kept == {f"frame-{n}.json" for n in range(1, 8)} | {"letter-4.json"}
    assert json.loads((tmp_path / "kept" / "frame-4.json").read_text())["error"]
