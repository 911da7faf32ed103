"""What the sink does with outcomes, over the in-memory twins."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.publishing import DeadLetter, InMemoryPublisher
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.results import count
from pipeline.stores.rows import ResultQuery
from spark_jobs.batch_end import complete
from spark_jobs.counting import SpacedCounts
from spark_jobs.results_sink import ResultsSink
from tests.unit.factories import a_frame, a_video, analyzed


class Trial:
    """A sink over twins, with one processing video."""

    def __init__(self) -> None:
        self.videos = InMemoryVideoStore()
        self.results = InMemoryResultStore()
        self.publisher = InMemoryPublisher()
        self.sink = ResultsSink(self.videos, SpacedCounts(self.results), self.publisher, retry_seconds=0)
        self.video: Video = a_video()
        self.videos.create(self.video)
        self.videos.transition(self.video.video_id, VideoStatus.PROCESSING)

    def status(self) -> VideoStatus:
        video = self.videos.get(self.video.video_id)
        assert video is not None
        return video.status


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_outcomes_are_stored_and_published_and_a_repetition_changes_nothing(trial: Trial) -> None:
    video_id = trial.video.video_id
    frames = [analyzed(video_id, 1), analyzed(video_id, 2)]
    trial.sink.keep(frames, [])
    assert [f.frame_number for f in trial.publisher.results] == [1, 2]
    before = trial.results.page(video_id, ResultQuery(), 10)
    trial.sink.keep(frames, [])
    assert trial.results.page(video_id, ResultQuery(), 10) == before
    assert count(trial.results, video_id).total == 2


def test_a_full_video_is_completed_when_the_batch_has_ended(trial: Trial) -> None:
    video_id = trial.video.video_id
    trial.videos.set_expected(video_id, 2, 2)
    trial.sink.keep([analyzed(video_id, 1)], [])
    complete(trial.videos, trial.results, video_id)
    assert trial.status() is VideoStatus.PROCESSING
    trial.sink.keep([analyzed(video_id, 2)], [])
    complete(trial.videos, trial.results, video_id)
    assert trial.status() is VideoStatus.COMPLETED


class Away(InMemoryVideoStore):
    """Does not answer."""

    def get(self, video_id: UUID) -> Video | None:
        raise StoreUnavailable("away")


def test_a_store_that_is_away_when_the_batch_has_ended_is_left_to_the_sweeper(trial: Trial) -> None:
    complete(Away(), trial.results, trial.video.video_id)


def test_late_results_bring_nothing_back(trial: Trial) -> None:
    gone = uuid4()
    trial.videos.transition(trial.video.video_id, VideoStatus.CANCELLED)
    trial.sink.keep([analyzed(gone, 1), analyzed(trial.video.video_id, 1)], [])
    assert count(trial.results, gone).total == count(trial.results, trial.video.video_id).total == 0


def test_results_of_an_earlier_attempt_are_left_out(trial: Trial) -> None:
    trial.sink.keep([analyzed(trial.video.video_id, 1, attempt=7)], [])
    assert count(trial.results, trial.video.video_id).total == 0


def test_what_cannot_be_read_is_set_aside(trial: Trial) -> None:
    letter = DeadLetter(b"x", "frames", 3, 9, "no schema")
    trial.sink.keep([analyzed(trial.video.video_id, 1)], [letter])
    assert trial.publisher.letters == [letter]
    assert count(trial.results, trial.video.video_id).total == 1


class Weary(InMemoryResultStore):
    """Does not answer at first."""

    failures = 2

    def enter(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("away")
        super().enter(frames, write_timestamps)


def test_a_server_that_comes_back_loses_nothing(trial: Trial) -> None:
    sink = ResultsSink(trial.videos, SpacedCounts(Weary()), trial.publisher, retry_seconds=30)
    sink.keep([analyzed(trial.video.video_id, 1)], [])
    assert len(trial.publisher.results) == 1


def test_a_server_that_stays_away_fails_the_task(trial: Trial) -> None:
    sink = ResultsSink(trial.videos, SpacedCounts(Weary()), trial.publisher, retry_seconds=-1)
    with pytest.raises(StoreUnavailable):
        sink.keep([analyzed(trial.video.video_id, 1)], [])


class Counting(InMemoryVideoStore):
    """Counts how often it is asked."""

    asked = 0

    def get(self, video_id: UUID) -> Video | None:
        self.asked += 1
        return super().get(video_id)


def test_frames_that_no_video_wants_are_named_before_the_work() -> None:
    videos = Counting()
    running, cancelled = a_video(), a_video()
    for video in (running, cancelled):
        videos.create(video)
    videos.transition(cancelled.video_id, VideoStatus.CANCELLED)
    frames = [a_frame(running.video_id, n) for n in (1, 2, 3)]
    others = [a_frame(cancelled.video_id), a_frame(uuid4()), replace(frames[0], attempt=2)]
    videos.asked = 0
    sink = ResultsSink(videos, SpacedCounts(InMemoryResultStore()), InMemoryPublisher(), retry_seconds=0)
    assert sink.wanted([*frames, *others]) == [True, True, True, False, False, False]
    assert videos.asked == 3
    assert sink.wanted([]) == []


def test_a_store_that_stays_away_is_not_taken_for_a_video_that_is_gone() -> None:
    sink = ResultsSink(Away(), SpacedCounts(InMemoryResultStore()), InMemoryPublisher(), retry_seconds=-1)
    with pytest.raises(StoreUnavailable):
        sink.wanted([a_frame(uuid4())])
