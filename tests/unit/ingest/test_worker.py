"""Several videos at the same time, each under a lease."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from ingest.claims import COUNTED_SECONDS, WaitingVideos
from ingest.pace import WHOLE, Pace
from ingest.worker import Worker
from pipeline.contracts.errors import MediaError, SourceRefused, StoreUnavailable
from pipeline.contracts.videos import SourceKind, Video, VideoStatus
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.videos import Listing
from tests.unit.factories import T0, a_video, analyzed
from tests.unit.ingest.benches import Bench, HeldPublisher, ListedDecoder
from tests.waiting import wait_until


@contextmanager
def working(bench: Bench, owner: str = "worker-a") -> Iterator[Worker]:
    worker = Worker(bench.workbench, owner, poll_seconds=0.02)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop(5)
        thread.join(5)
        assert not thread.is_alive()


def status(bench: Bench, video_id: UUID) -> VideoStatus:
    return bench.video(video_id).status


def expected(bench: Bench, video_id: UUID) -> int | None:
    return bench.video(video_id).frames_expected


def test_works_through_what_waits(bench: Bench) -> None:
    videos = [bench.submit(order=n) for n in range(7)]
    with working(bench):
        wait_until(lambda: all(expected(bench, v.video_id) == 10 for v in videos))
        for video in videos:
            bench.analyse(video.video_id)
            assert status(bench, video.video_id) is VideoStatus.COMPLETED
    assert all(bench.videos.leaseholder(v.video_id) is None for v in videos)
    assert bench.video(videos[0].video_id).started_at is not None


def test_two_workers_share_and_no_frame_comes_twice(bench: Bench) -> None:
    videos = [bench.submit(order=n) for n in range(10)]
    with working(bench, "a"), working(bench, "b"):
        wait_until(lambda: all(expected(bench, v.video_id) == 10 for v in videos))
    assert all(bench.numbers(v.video_id) == list(range(1, 11)) for v in videos)


def test_at_most_so_many_at_the_same_time(bench: Bench) -> None:
    gate, running = threading.Semaphore(0), set[str]()

    def wait(number: int) -> None:
        if number == 1:
            running.add(threading.current_thread().name)
            gate.acquire()

    bench.decoder = ListedDecoder(before_frame=wait)
    for n in range(5):
        bench.submit(order=n)
    with working(bench):
        wait_until(lambda: len(running) == 2)
        assert len([v for v in bench.videos.open_videos() if bench.videos.leaseholder(v)]) == 2
        gate.release(5)
        wait_until(lambda: len(running) == 5)


@pytest.mark.parametrize("error", [SourceRefused("not allowed"), MediaError("no video")])
def test_what_cannot_be_read_has_failed_with_the_reason(bench: Bench, error: SourceRefused | MediaError) -> None:
    if isinstance(error, MediaError):
        bench.decoder = ListedDecoder(end=error)
    else:
        bench.fetcher.error = error
    video = bench.submit()
    with working(bench):
        wait_until(lambda: status(bench, video.video_id) is VideoStatus.FAILED)
        wait_until(lambda: not list(bench.sources.video_ids()))
    assert bench.video(video.video_id).error == error.problem


def test_an_error_of_our_own_fails_the_video(bench: Bench) -> None:
    def wrong(number: int) -> None:
        raise ZeroDivisionError

    bench.decoder = ListedDecoder(before_frame=wrong)
    video = bench.submit()
    with working(bench):
        wait_until(lambda: status(bench, video.video_id) is VideoStatus.FAILED)
    problem = bench.video(video.video_id).error
    assert problem is not None
    assert problem.type == "internal-error"


def test_cancelling_stops_it_at_once(bench: Bench) -> None:
    gate, begun = threading.Semaphore(0), threading.Event()

    def wait(number: int) -> None:
        begun.set()
        gate.acquire(timeout=0.1)

    bench.decoder = ListedDecoder(frames=10_000, before_frame=wait)
    video = bench.submit()
    with working(bench):
        begun.wait(5)
        bench.videos.transition(video.video_id, VideoStatus.CANCELLED)
        wait_until(lambda: bench.videos.leaseholder(video.video_id) is None)
        wait_until(lambda: not list(bench.sources.video_ids()))
    assert status(bench, video.video_id) is VideoStatus.CANCELLED
    assert len(bench.numbers(video.video_id)) < 100


def test_stopping_gives_videos_back(bench: Bench) -> None:
    begun = threading.Event()
    bench.publisher = HeldPublisher()
    bench.decoder = ListedDecoder(before_frame=lambda n: begun.set())
    video = bench.submit()
    with working(bench):
        begun.wait(5)
    assert status(bench, video.video_id) is VideoStatus.PROCESSING
    assert bench.videos.leaseholder(video.video_id) is None
    assert bench.sources.kept(video.video_id) is not None


def test_a_dead_worker_is_followed_by_another(bench: Bench) -> None:
    video = bench.submit()
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    bench.videos.claim(video.video_id, "dead", 1)
    with working(bench):
        wait_until(lambda: expected(bench, video.video_id) == 10)


def test_a_video_in_other_hands_is_left_alone(bench: Bench) -> None:
    video = bench.submit()
    bench.videos.claim(video.video_id, "other", 60)
    after = bench.submit(order=1)
    with working(bench):
        wait_until(lambda: expected(bench, after.video_id) == 10)
    assert status(bench, video.video_id) is VideoStatus.PENDING


@dataclass
class Clock:
    """Seconds that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FlakyStore(InMemoryVideoStore):
    """A store that does not answer the first times it is asked what is open."""

    failures: int = 1

    def open_listings(self) -> Iterator[Listing]:
        if self.failures > 0:
            self.failures -= 1
            raise StoreUnavailable("away")
        return super().open_listings()


def test_an_outage_is_waited_out(bench: Bench) -> None:
    bench.videos = FlakyStore(failures=3)
    video = bench.submit()
    with working(bench):
        wait_until(lambda: expected(bench, video.video_id) == 10)


def test_live_sources_are_not_ours(bench: Bench) -> None:
    bench.submit(SourceKind.RTMP)
    mine = bench.submit(order=1)
    assert [v.video_id for v in WaitingVideos(bench.videos, bench.results, 100).find(5, ())] == [mine.video_id]


def test_none_is_given_while_many_frames_wait_for_analysis(bench: Bench) -> None:
    published, waiting = bench.submit(), bench.submit(order=1)
    bench.videos.transition(published.video_id, VideoStatus.PROCESSING)
    bench.videos.set_expected(published.video_id, 50, 50)
    assert WaitingVideos(bench.videos, bench.results, 50).find(5, ()) == []
    found = WaitingVideos(bench.videos, bench.results, 51).find(5, ())
    assert [v.video_id for v in found] == [waiting.video_id]


def test_no_file_is_begun_while_published_ones_are_work_enough(bench: Bench) -> None:
    pace = Pace(least=50 // WHOLE)
    published, left, waiting = (bench.submit(order=n) for n in range(3))
    for video in (published, left):
        bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    bench.videos.set_expected(published.video_id, 50, 50)
    pace.begin(published.video_id)
    pace.end(published.video_id, 50)
    queue = WaitingVideos(bench.videos, bench.results, 1000, clock := Clock(), pace=pace)
    assert [v.video_id for v in queue.find(5, ())] == [left.video_id], "what was begun is gone on with"
    bench.results.save([analyzed(published.video_id, n) for n in range(1, 50)], {published.video_id: 1})
    clock.now += COUNTED_SECONDS
    assert [v.video_id for v in queue.find(5, ())] == [left.video_id, waiting.video_id]


def test_a_published_video_that_has_ended_does_not_hold_up_others(bench: Bench) -> None:
    pace = Pace(least=50 // WHOLE)
    published, waiting = bench.submit(), bench.submit(order=1)
    bench.videos.transition(published.video_id, VideoStatus.PROCESSING)
    pace.begin(published.video_id)
    pace.end(published.video_id, 50)
    queue = WaitingVideos(bench.videos, bench.results, 1000, pace=pace)
    bench.videos.transition(published.video_id, VideoStatus.CANCELLED)
    assert [v.video_id for v in queue.find(5, ())] == [waiting.video_id]


def test_keys_are_served_in_turn(bench: Bench) -> None:
    for n in range(4):
        bench.videos.create(replace(a_video(), key_id="a", created_at=T0.replace(second=n)))
    bench.videos.create(replace(a_video(), key_id="b", created_at=T0.replace(second=30)))
    waiting = WaitingVideos(bench.videos, bench.results, 100)
    assert [v.key_id for v in waiting.find(3, ())] == ["a", "b", "a"]
    running = [v.video_id for v in waiting.find(1, ())]
    assert [v.key_id for v in waiting.find(2, running)] == ["b", "a"]


def test_a_key_with_a_larger_share_has_more_turns(bench: Bench) -> None:
    for n in range(5):
        bench.videos.create(replace(a_video(), key_id="a", created_at=T0.replace(second=n)))
        bench.videos.create(replace(a_video(), key_id="b", created_at=T0.replace(second=n, microsecond=1)))
    waiting = WaitingVideos(bench.videos, bench.results, 100, shares=lambda: {"a": 3})
    assert [v.key_id for v in waiting.find(5, ())] == ["a", "b", "a", "a", "b"]


def test_of_long_videos_no_more_are_given_than_have_a_place(bench: Bench) -> None:
    films = [bench.submit(order=n) for n in range(3)]
    for film in films:
        bench.videos.note_frames(film, 601)
    bench.videos.transition(films[2].video_id, VideoStatus.PROCESSING)
    short = bench.submit(order=9)
    waiting = WaitingVideos(bench.videos, bench.results, 100)
    assert [v.video_id for v in waiting.find(3, (), long_limit=1)] == [films[2].video_id, short.video_id]
    assert [v.video_id for v in waiting.find(3, (), long_limit=0)] == [short.video_id]


def test_what_another_worker_left_comes_first(bench: Bench) -> None:
    bench.submit()
    left = bench.submit(order=5)
    bench.videos.transition(left.video_id, VideoStatus.PROCESSING)
    assert [v.video_id for v in WaitingVideos(bench.videos, bench.results, 100).find(1, ())] == [left.video_id]


def test_frames_that_wait_are_not_counted_at_every_look(bench: Bench) -> None:
    now = 0.0
    published = bench.submit()
    bench.videos.transition(published.video_id, VideoStatus.PROCESSING)
    bench.videos.set_expected(published.video_id, 10, 10)
    waiting = WaitingVideos(bench.videos, bench.results, 5, lambda: now)
    bench.submit(order=1)
    assert waiting.find(5, ()) == []
    bench.results.save([analyzed(published.video_id, n) for n in range(1, 10)], {published.video_id: 1})
    assert waiting.find(5, ()) == []
    now = 2.0
    assert len(waiting.find(5, ())) == 1


def test_a_video_that_is_published_is_not_read_at_every_look(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looked = Clock(), list[UUID]()
    published = bench.submit()
    bench.videos.transition(published.video_id, VideoStatus.PROCESSING)
    bench.videos.set_expected(published.video_id, 10, 10)
    get = bench.videos.get

    def noted(video_id: UUID) -> Video | None:
        looked.append(video_id)
        return get(video_id)

    monkeypatch.setattr(bench.videos, "get", noted)
    waiting = WaitingVideos(bench.videos, bench.results, 5, clock)
    for clock.now in (0.0, 3.0, 6.0):
        assert waiting.find(5, ()) == []
    assert looked == [published.video_id]
    clock.now = 20.0
    waiting.find(5, ())
    assert len(looked) == 2, "now and then it is"


def test_a_published_video_that_is_tried_again_is_found_at_once(bench: Bench) -> None:
    published = bench.submit()
    bench.videos.transition(published.video_id, VideoStatus.PROCESSING)
    bench.videos.set_expected(published.video_id, 10, 10)
    waiting = WaitingVideos(bench.videos, bench.results, 50, lambda: 0.0)
    assert waiting.find(5, ()) == []
    bench.videos.transition(published.video_id, VideoStatus.FAILED)
    assert waiting.find(5, ()) == []
    assert bench.videos.retry(bench.video(published.video_id))
    assert [v.video_id for v in waiting.find(5, ())] == [published.video_id]
