"""What a worker keeps of pictures that must not be kept as they are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from inference.analyzer import Analyzer
from pipeline.contracts.errors import FrameFatal
from pipeline.contracts.frames import Frame, StoreFrames
from pipeline.contracts.results import Box, Detection, FrameResult, ModelInfo, ResultStatus, TaskName
from pipeline.kafka.publishing import _fitting
from pipeline.pictures import blur
from pipeline.stores.frames import InMemoryFrameStore
from spark_jobs.alone import Alone
from spark_jobs.careful import Answer, CarefulAnalyzer
from spark_jobs.in_flight import InFlight, Place
from spark_jobs.records import letter_of
from spark_jobs.worker import FrameWorker
from tests.unit.factories import a_frame, a_result
from tests.unit.spark_jobs.test_worker import Kept, Stub, record

FACE = Box(0.25, 0.25, 0.5, 0.5)
BLURRED, NONE, FULL = StoreFrames.BLURRED, StoreFrames.NONE, StoreFrames.FULL


class Faces(Analyzer):
    """Finds a dog in every frame; says of faces what it is told."""

    def __init__(self, faces: FrameResult) -> None:
        self.faces = faces
        self.warmed: set[TaskName] = set()

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        self.warmed |= set(tasks)
        return []

    def analyze(
        self, frames: Sequence[Frame], beat: Callable[[], None] = lambda: None
    ) -> list[tuple[FrameResult, ...]]:
        return [(a_result(), self.faces) if frame.blurred else (a_result(),) for frame in frames]


def run(tmp_path: Path, faces: FrameResult, *kept: StoreFrames) -> tuple[InMemoryFrameStore, Kept, Faces]:
    """A worker over a frame for each way of keeping it, numbered from 1."""
    store, sink, analyzer, video_id = InMemoryFrameStore(), Kept(), Faces(faces), uuid4()
    careful = CarefulAnalyzer(analyzer, InFlight(tmp_path), Alone(Stub, 30), 30)
    frames = [replace(a_frame(video_id, n), store=how) for n, how in enumerate(kept, start=1)]
    list(FrameWorker(careful, store, sink, "w1").outcomes([[record(frame) for frame in frames]]))
    assert [f.results for f in sink.frames] == [(a_result(),)] * len(kept)
    return store, sink, analyzer


def test_each_picture_is_kept_as_its_video_says(tmp_path: Path) -> None:
    found = a_result([Detection("face", 0.6, FACE)], TaskName.FACES)
    store, _, analyzer = run(tmp_path, found, FULL, BLURRED, NONE)
    jpeg = a_frame(uuid4()).jpeg
    assert {number: picture for (_, number), picture in store.frames.items()} == {1: jpeg, 2: blur(jpeg, [FACE])}
    assert blur(jpeg, [FACE]) != jpeg
    assert analyzer.warmed == {TaskName.OBJECTS, TaskName.FACES}


def test_a_picture_without_faces_is_kept_as_it_is(tmp_path: Path) -> None:
    store, _, _ = run(tmp_path, a_result(task=TaskName.FACES), BLURRED)
    assert list(store.frames.values()) == [a_frame(uuid4()).jpeg]


def test_a_picture_whose_faces_are_unknown_is_not_kept_and_its_outcome_stands(tmp_path: Path) -> None:
    store, sink, _ = run(tmp_path, a_result(task=TaskName.FACES, error="no model"), BLURRED)
    assert store.frames == {}
    assert sink.frames[0].results[0].status is ResultStatus.OK


def test_a_picture_is_not_written_before_its_faces_are_known(tmp_path: Path) -> None:
    """Every write, in order: the store never sees the picture as it came."""
    frame = replace(a_frame(uuid4()), store=BLURRED)
    written: list[bytes] = []

    class Watched(InMemoryFrameStore):
        def put(self, video_id: object, frame_number: int, jpeg: bytes) -> None:
            written.append(jpeg)

    analyzer = Faces(a_result([Detection("face", 0.6, FACE)], TaskName.FACES))
    careful = CarefulAnalyzer(analyzer, InFlight(tmp_path), Alone(Stub, 30), 30)
    list(FrameWorker(careful, Watched(), Kept(), "w1").outcomes([[record(frame)]]))
    assert written == [blur(frame.jpeg, [FACE])]
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert frame.jpeg not in held


@pytest.mark.parametrize("store", [b"none", b"blurred", b"\xff\xfe"])
def test_a_record_that_is_set_aside_leaves_its_picture_out(store: bytes) -> None:
    letter = letter_of(record(a_frame(uuid4()), store=store), "it ended its worker")
    assert letter.value is None
    assert "it ended its worker; left out: the picture" in letter.reason
    value, headers = _fitting(letter)
    assert value is None
    assert b"the picture" in dict(headers)["dead_letter_left_out"]


@pytest.mark.parametrize("store", [b"full", b"", None])
def test_other_records_are_set_aside_whole(store: bytes | None) -> None:
    frame = a_frame(uuid4())
    letter = letter_of(record(frame, store=store), "it ended its worker")
    assert (letter.value, letter.left_out) == (frame.jpeg, None)


class Veiled(Kept):
    """A sink that says of one video that somebody was erased there."""

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        return [frame.frame_number != 2 for frame in frames]


def test_where_somebody_was_erased_faces_are_hidden_whatever_was_asked_for(tmp_path: Path) -> None:
    store, sink, video_id = InMemoryFrameStore(), Veiled(), uuid4()
    found = a_result([Detection("face", 0.6, FACE)], TaskName.FACES)
    careful = CarefulAnalyzer(Faces(found), InFlight(tmp_path), Alone(Stub, 30), 30)
    frames = [replace(a_frame(video_id, n), store=how) for n, how in enumerate((FULL, FULL, NONE), start=1)]
    list(FrameWorker(careful, store, sink, "w1").outcomes([[record(frame) for frame in frames]]))
    jpeg = frames[0].jpeg
    assert {number: picture for (_, number), picture in store.frames.items()} == {1: blur(jpeg, [FACE]), 2: jpeg}
    assert [f.frame_number for f in sink.frames] == [1, 2, 3]


class Deadly(CarefulAnalyzer):
    """Every frame ends its worker."""

    def analyze(self, frames: Sequence[tuple[Place, Frame]]) -> list[Answer]:
        return [FrameFatal("the frame ended its worker") for _ in frames]


def test_where_somebody_was_erased_no_picture_is_set_aside(tmp_path: Path) -> None:
    sink, video_id = Veiled(), uuid4()
    careful = Deadly(Faces(a_result(task=TaskName.FACES)), InFlight(tmp_path), Alone(Stub, 30), 30)
    frames = [a_frame(video_id, n) for n in (1, 2)]
    list(FrameWorker(careful, InMemoryFrameStore(), sink, "w1").outcomes([[record(frame) for frame in frames]]))
    assert [letter.value for letter in sink.letters] == [None, frames[1].jpeg]
