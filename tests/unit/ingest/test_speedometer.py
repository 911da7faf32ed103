"""The speed of the whole service, seen from outside by its listing and its counts."""

from dataclasses import dataclass
from uuid import UUID

from ingest.speedometer import Speedometer
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.queue import Place, Queue, seconds_until_done
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.speed import InMemorySpeedStore
from tests.unit.factories import a_video, analyzed


@dataclass
class Service:
    """The twins, and a clock that the test moves."""

    videos: InMemoryVideoStore
    results: InMemoryResultStore
    now: float = 0.0

    def submit(self, started: bool = True) -> Video:
        video = a_video()
        self.videos.create(video)
        if started:
            self.videos.transition(video.video_id, VideoStatus.PROCESSING)
        return video

    def analyse(self, video_id: UUID, frames: range) -> None:
        self.results.save([analyzed(video_id, n) for n in frames], {video_id: 1})

    def complete(self, video_id: UUID, frames: int) -> None:
        self.videos.set_expected(video_id, frames, frames)
        self.videos.transition(video_id, VideoStatus.COMPLETED)


def a_service() -> tuple[Service, Speedometer]:
    service = Service(InMemoryVideoStore(), InMemoryResultStore())
    meter = Speedometer(service.videos, service.results, InMemorySpeedStore(), "me", lambda: service.now)
    return service, meter


def test_outcomes_of_running_and_of_ended_videos_are_counted_once() -> None:
    service, meter = a_service()
    one, two = service.submit(), service.submit(started=False)
    assert meter.look().rate is None
    service.now = 3
    service.analyse(one.video_id, range(1, 31))
    assert meter.look().rate == 10
    service.now = 6
    service.analyse(one.video_id, range(31, 41))
    service.complete(one.video_id, 40)
    service.videos.transition(two.video_id, VideoStatus.PROCESSING)
    service.analyse(two.video_id, range(1, 11))
    seen = meter.look()
    assert seen.rate == 50 / 6
    assert seen.frames_per_video == 40
    assert seen.running_frames == 30


def test_what_was_done_before_it_began_to_look_does_not_count() -> None:
    service, meter = a_service()
    video = service.submit()
    service.analyse(video.video_id, range(1, 501))
    meter.look()
    service.now = 3
    service.analyse(video.video_id, range(501, 513))
    assert meter.look().rate == 4


def test_a_video_that_is_tried_again_does_not_count_twice() -> None:
    service, meter = a_service()
    video = service.submit()
    meter.look()
    service.now = 3
    service.analyse(video.video_id, range(1, 31))
    service.videos.transition(video.video_id, VideoStatus.FAILED)
    meter.look()
    failed = service.videos.get(video.video_id)
    assert failed is not None
    assert service.videos.retry(failed)
    service.now = 6
    other = service.submit()
    meter.look()
    service.videos.transition(video.video_id, VideoStatus.PROCESSING)
    service.now = 9
    service.analyse(other.video_id, range(1, 31))
    seen = meter.look()
    assert seen.rate is not None
    assert seen.rate <= 10


def test_lengths_that_are_not_known_are_estimated() -> None:
    service, meter = a_service()
    known, unknown = service.submit(), service.submit()
    service.videos.save_progress(known.video_id, SourceProgress(duration=10.0, fps=5.0))
    service.analyse(known.video_id, range(1, 11))
    seen = meter.look()
    assert (seen.frames_per_video, seen.running_frames) == (50, 40 + 50)
    service.videos.transition(unknown.video_id, VideoStatus.CANCELLED)
    assert meter.look().running_frames == 40


def test_the_wait_of_a_video_is_told_by_what_was_seen() -> None:
    service, meter = a_service()
    running = service.submit()
    service.videos.set_expected(running.video_id, 100, 100)
    meter.look()
    service.now = 3
    service.analyse(running.video_id, range(1, 31))
    seen = meter.look()
    assert seen.video_rates == {running.video_id: 10}
    assert seen.frames_per_video == 100
    queue = Queue(list(service.videos.open_listings()))
    assert seconds_until_done(queue, Place(3, 0.0, 3), seen) == (70 + 300) / 10
