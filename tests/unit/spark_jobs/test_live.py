"""What becomes of live frames: each analysed and kept at once, counted later, and read again if it was not kept."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import UUID

import pytest

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from spark_jobs.live import LiveTask
from spark_jobs.live_counts import SILENT_SECONDS, LateCounts
from spark_jobs.recent_videos import RecentVideos
from spark_jobs.records import Row
from spark_jobs.results_sink import ResultsSink
from spark_jobs.worker import FrameWorker
from tests.unit.factories import a_frame, a_video, analyzed
from tests.unit.spark_jobs.test_worker import Kept, Stub, careful, record


class Listed:
    """Live frames from a list; remembers which were kept."""

    def __init__(self, records: Iterable[Row]) -> None:
        self.waiting = deque(records)
        self.kept_offsets: list[int] = []
        self.closed = False

    def next(self, seconds: float) -> Row | None:
        if self.waiting:
            return self.waiting.popleft()
        time.sleep(0.005)
        return None

    def kept(self, record: Row) -> None:
        self.kept_offsets.append(record["offset"])

    def close(self) -> None:
        self.closed = True


class Counted(InMemoryResultStore):
    """Notes how often it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.recounts: list[tuple[UUID, list[int]]] = []

    def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
        self.recounts.append((video_id, list(buckets)))
        super().recount(video_id, self.recounts[-1][1])


class Trial:
    """A live task over twins, with one processing video whose frames 1 to `length` have come."""

    def __init__(self, folder: Path, length: int) -> None:
        self.now = 0.0
        self.videos, self.results, self.publisher = InMemoryVideoStore(), Counted(), InMemoryPublisher()
        self.video: Video = a_video()
        self.videos.create(self.video)
        self.videos.transition(self.video.video_id, VideoStatus.PROCESSING)
        self.analyzer = Stub()
        self.counts = LateCounts(self.videos, self.results, lambda: self.now)
        sink = ResultsSink(RecentVideos(self.videos, lambda: self.now), self.counts, self.publisher, 0)
        worker = FrameWorker(careful(self.analyzer, folder), InMemoryFrameStore(), sink, "w1")
        self.frames = Listed(record(a_frame(self.video.video_id, n)) for n in range(1, length + 1))
        self.task = LiveTask(worker, self.frames, self.counts)

    def run(self, until: Callable[[], bool]) -> None:
        patience = time.monotonic() + 10
        self.task.run(lambda: not until() and time.monotonic() < patience)
        assert until()

    def status(self) -> VideoStatus:
        video = self.videos.get(self.video.video_id)
        assert video is not None
        return video.status


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path, 5)


def test_each_frame_is_analysed_by_itself_and_said_in_order(trial: Trial) -> None:
    trial.run(lambda: len(trial.publisher.results) == 5)
    assert trial.analyzer.batches == [1] * 5
    assert [frame.frame_number for frame in trial.publisher.results] == [1, 2, 3, 4, 5]
    assert trial.frames.closed


def test_for_a_gpu_those_that_wait_are_analysed_together(trial: Trial) -> None:
    worker = trial.task._worker
    task = LiveTask(worker, trial.frames, trial.counts, together=3)
    patience = time.monotonic() + 10
    task.run(lambda: trial.frames.kept_offsets[-1:] != [5] and time.monotonic() < patience)
    assert trial.analyzer.batches == [3, 2]
    assert [frame.frame_number for frame in trial.publisher.results] == [1, 2, 3, 4, 5]


def test_what_is_kept_and_counted_is_not_read_again(trial: Trial) -> None:
    trial.run(lambda: trial.frames.kept_offsets[-1:] == [5])
    assert set(trial.results.outcomes(trial.video.video_id, 0)) == {1, 2, 3, 4, 5}
    assert 1 <= len(trial.results.recounts) < 5, "counting goes on beside, not at each frame"


def test_a_frame_that_cannot_be_kept_ends_the_task_before_it_is_said_to_be_kept(tmp_path: Path, trial: Trial) -> None:
    sink = Kept(StoreUnavailable("away"))
    worker = FrameWorker(careful(Stub(), tmp_path), InMemoryFrameStore(), sink, "w1")
    task = LiveTask(worker, trial.frames, trial.counts)
    with pytest.raises(StoreUnavailable):
        task.run()
    assert trial.frames.kept_offsets == []
    assert trial.frames.closed


def test_a_record_that_is_no_frame_is_set_aside_and_the_others_go_on(trial: Trial) -> None:
    trial.frames.waiting.appendleft(record(a_frame(trial.video.video_id, 9), schema=None))
    trial.run(lambda: trial.frames.kept_offsets[-1:] == [5])
    assert [letter.offset for letter in trial.publisher.letters] == [9]
    assert len(trial.publisher.results) == 5


def test_a_video_whose_last_frame_was_analysed_is_completed_once_it_is_silent(trial: Trial) -> None:
    trial.videos.set_expected(trial.video.video_id, 5, 5)

    def silent() -> bool:
        trial.now += SILENT_SECONDS / 10 if trial.frames.kept_offsets[-1:] == [5] else 0
        return trial.status() is not VideoStatus.PROCESSING

    trial.run(silent)
    assert trial.status() is VideoStatus.COMPLETED


def test_outcomes_are_counted_later_and_once_a_bucket(trial: Trial) -> None:
    video_id = trial.video.video_id
    trial.counts.save([analyzed(video_id, 1), analyzed(video_id, 2)], {video_id: 1})
    trial.counts.save([analyzed(video_id, 1001)], {video_id: 1})
    assert trial.results.recounts == []
    trial.counts.count()
    trial.counts.count()
    assert trial.results.recounts == [(video_id, [0]), (video_id, [1])]


def test_what_is_known_of_a_video_is_at_most_half_a_second_old(trial: Trial) -> None:
    recent = RecentVideos(trial.videos, lambda: trial.now)
    video_id = trial.video.video_id
    assert recent.get(video_id) == trial.videos.get(video_id)
    trial.videos.transition(video_id, VideoStatus.CANCELLED)
    before = recent.get(video_id)
    assert before is not None
    assert before.status is VideoStatus.PROCESSING
    trial.now += 0.5
    known = recent.get(video_id)
    assert known is not None
    assert known.status is VideoStatus.CANCELLED
