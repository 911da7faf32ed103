"""What a careful worker tells: the models that its batches have had loaded, once of each."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from inference.analyzer import Analyzer
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, ModelInfo, TaskName
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.in_flight import InFlight
from tests.unit.factories import a_frame, a_result

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class _Loading(Analyzer):
    """Has a model for whatever it is asked for."""

    def __init__(self) -> None:
        pass

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        return [ModelInfo(task, f"a model of {task}", "ab", "onnx", (), "MIT", 0.5, NOW) for task in sorted(tasks)]

    def analyze(
        self, frames: Sequence[Frame], beat: Callable[[], None] = lambda: None
    ) -> list[tuple[FrameResult, ...]]:
        return [(a_result(),) for _ in frames]


def test_models_that_batches_have_had_loaded_are_told_once(tmp_path: Path) -> None:
    """As that of the identities, which is loaded only when somebody asks for it."""
    told: list[str] = []
    careful = CarefulAnalyzer(
        _Loading(), InFlight(tmp_path), Alone(_Loading, 30), 30, lambda models: told.extend(m.model for m in models)
    )
    frame = a_frame(uuid4())
    for number in range(2):
        careful.begin()
        careful.analyze([(("frames", 0, number), frame)])
    assert told == [f"a model of {task}" for task in sorted(frame.models)]
