"""When the ledger is counted."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from pipeline.contracts.results import AnalyzedFrame
from pipeline.stores.in_memory_results import InMemoryResultStore
from spark_jobs.counting import EVERY_SECONDS, SpacedCounts
from tests.unit.factories import analyzed


class Counted(InMemoryResultStore):
    """Remembers what was counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[int] = []

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        """Note it, and count."""
        buckets = list(buckets)
        self.counted += buckets
        super().recount(video_id, buckets)


class Trial:
    """Counts over a twin, and a clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.store = Counted()
        self.counts = SpacedCounts(self.store, lambda: self.now)
        self.video_id = uuid4()

    def save(self, *numbers: int) -> None:
        """Outcomes of these frames."""
        frames: list[AnalyzedFrame] = [analyzed(self.video_id, number) for number in numbers]
        self.counts.save(frames, {self.video_id: 1})


def test_the_first_outcomes_of_a_bucket_are_counted_at_once() -> None:
    trial = Trial()
    trial.save(1, 2)
    assert trial.store.counted == [0]
    trial.save(1001)
    assert trial.store.counted == [0, 1]


def test_later_ones_are_counted_seconds_later_and_the_rest_at_the_end() -> None:
    trial = Trial()
    trial.save(1)
    trial.now += EVERY_SECONDS / 2
    trial.save(2)
    assert trial.store.outcomes(trial.video_id, 0).keys() == {1, 2}
    assert trial.store.counted == [0]
    trial.now += EVERY_SECONDS / 2
    trial.save(3)
    assert trial.store.counted == [0, 0]
    trial.save(4)
    assert trial.store.counted == [0, 0]
    for _ in range(2):
        trial.counts.finish()
        assert trial.store.counted == [0, 0, 0]


def test_a_bucket_to_which_nothing_comes_is_counted_with_the_others() -> None:
    trial = Trial()
    trial.save(1)
    trial.save(2)
    trial.now += EVERY_SECONDS
    trial.save(1001)
    assert trial.store.counted == [0, 0, 1]
