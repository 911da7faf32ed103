"""What comes next is prepared beside the present work: in order, one step ahead, with equal results."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.ahead import Ahead, Alone, Beside
from inference.analyzer import FRAMES_ON_GPU, Analyzer
from inference.arrays import Image
from inference.cards import InputSpec
from inference.memory import keep_memory
from inference.prepared import KEPT, PreparedInputs, prepare
from pipeline.contracts.results import TaskName, TaskRequest
from tests.unit.inference.factories import boxes_body, brightness_detector, frame, jpeg, picture, write_card
from tests.waiting import wait_until

SPEC = InputSpec(width=32, height=32, resize="fit", layout="nchw", color="bgr")
OBJECTS = TaskRequest(TaskName.OBJECTS)


@pytest.mark.parametrize("ahead", [Alone(), Beside(2)])
def test_all_come_in_order(ahead: Ahead) -> None:
    assert ahead.each(lambda x: x * 2, range(9)) == list(range(0, 18, 2))
    assert list(ahead.prepared(lambda x: x + 1, range(5))) == [1, 2, 3, 4, 5]
    assert list(ahead.prepared(str, [])) == []


def test_the_next_is_prepared_while_the_present_is_worked_on_and_no_further() -> None:
    made: list[int] = []

    def make(item: int) -> int:
        made.append(item)
        return item

    steps = Beside(1).prepared(make, range(5))
    assert next(steps) == 0
    wait_until(lambda: made == [0, 1])
    assert next(steps) == 1
    wait_until(lambda: made == [0, 1, 2])
    assert list(steps) == [2, 3, 4]


def test_what_cannot_be_prepared_is_told_in_its_turn() -> None:
    steps = Beside(1).prepared(lambda x: 1 // x, [1, 0, 1])
    assert next(steps) == 1
    with pytest.raises(ZeroDivisionError):
        next(steps)


def test_an_input_is_taken_once_and_only_for_its_own_pictures() -> None:
    inputs, images = PreparedInputs(), [picture(9), picture(9)]
    inputs.put([picture(9)], [])
    inputs.put(images, batches := list(prepare(SPEC, images, 8)))
    assert inputs.take(list(reversed(images))) is None, "equal pictures are not the same pictures"
    assert inputs.take(images[:1]) is None
    assert inputs.take(list(images)) is batches
    assert inputs.take(images) is None
    for _ in range(KEPT):
        inputs.put([picture(1)], [])
    inputs.put(images, [])
    assert len(inputs._waiting) == KEPT


def test_pictures_of_one_canvas_go_together_up_to_the_limit() -> None:
    images = [picture(1, 64, 64), picture(2, 64, 32), picture(3, 64, 64), picture(4, 64, 64)]
    batches = list(prepare(SPEC.model_copy(update={"height": 64, "width": 64}), images, 2, Beside(2).each))
    assert [list(batch.indices) for batch in batches] == [[0, 2], [3], [1]]
    assert batches[0].tensor[:, 0, 0, 0].tolist() == [1, 3]


@pytest.fixture
def analyzers(tmp_path: Path) -> dict[str, Analyzer]:
    """The usual one, and one that goes a GPU's way on the processor."""
    write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    folders = tmp_path / "cards", tmp_path / "cache", tmp_path
    return {"usual": Analyzer(*folders), "gpu": Analyzer(*folders, gpu=True, rehearsal=True)}


def test_the_gpus_way_finds_the_same(analyzers: dict[str, Analyzer]) -> None:
    """More than two steps of frames: one unreadable, some with a limit of their own, some of another shape."""
    few = TaskRequest(TaskName.OBJECTS, max_batch_size=3)
    frames = [
        frame(
            b"nonsense" if n == 70 else jpeg(picture(n % 200 + 40, 48 + n % 2 * 16)),
            few if n % 5 == 0 else OBJECTS,
            TaskRequest(TaskName.COLORS),
            number=n,
        )
        for n in range(2 * FRAMES_ON_GPU + 20)
    ]
    told = {name: analyzer.analyze(frames) for name, analyzer in analyzers.items()}
    plain = {name: [[(r.task, r.status, r.detections) for r in f] for f in found] for name, found in told.items()}
    assert plain["gpu"] == plain["usual"]
    assert sum(bool(found[0].detections) for found in told["gpu"]) > FRAMES_ON_GPU


def test_what_was_prepared_is_used(analyzers: dict[str, Analyzer], monkeypatch: pytest.MonkeyPatch) -> None:
    """No input of a detector is made by the thread that waits for the GPU."""
    makers: set[str] = set()
    analyzers["gpu"].warm([TaskName.OBJECTS])
    monkeypatch.setattr("inference.prepared.draw", lambda *given: makers.add(threading.current_thread().name))
    analyzers["gpu"].analyze([frame(jpeg(picture(n)), OBJECTS, number=n) for n in range(80)])
    assert makers
    assert all(name.startswith("prepare") for name in makers)


def test_a_model_that_cannot_prepare_still_answers(analyzers: dict[str, Analyzer]) -> None:
    class Unprepared:
        def __init__(self, model: Any) -> None:
            self._model, self.card, self.device = model, model.card, "here"

        def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> Any:
            return self._model.predict(images, min_confidence)

        def expect(self, images: Sequence[Image], ahead: Ahead) -> None:
            raise MemoryError("no room")

    gpu = analyzers["gpu"]
    gpu.warm([TaskName.OBJECTS])
    model, info = gpu._shelf._loaded[TaskName.OBJECTS]
    gpu._shelf._loaded[TaskName.OBJECTS] = Unprepared(model), info
    [[result]] = gpu.analyze([frame(jpeg(picture(200)), OBJECTS)])
    assert (result.error, len(result.detections)) == (None, 1)


def test_memory_is_kept_without_harm() -> None:
    keep_memory()
    assert np.zeros(2**22, np.uint8).sum() == 0
