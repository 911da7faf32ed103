"""Another attempt at a video: what is read again, what is analysed again, and what is not."""

import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from ingest.earlier import EarlierOutcomes
from ingest.halt import Halt, Halted
from ingest.job import VideoJob
from ingest.stalls import Arrival, StallWatch
from ingest.sweeper import Sweeper
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import MediaError, Problem, SourceUnreachable
from pipeline.contracts.videos import LedgerCount, SourceKind, Video, VideoStatus
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.results import count
from tests.unit.factories import a_result, analyzed
from tests.unit.ingest.benches import Bench, HeldPublisher, ListedDecoder
from tests.unit.ingest.test_worker import status, working
from tests.waiting import wait_until

FAILED = VideoStatus.FAILED


def run(bench: Bench, video_id: UUID) -> None:
    bench.videos.transition(video_id, VideoStatus.PROCESSING)
    VideoJob(bench.workbench, bench.video(video_id), Halt()).run()


def again(bench: Bench, video_id: UUID, ended: VideoStatus = FAILED) -> Video:
    """End a video if it runs, and have it tried again."""
    bench.videos.transition(video_id, ended)
    assert bench.videos.retry(bench.video(video_id))
    return bench.video(video_id)


def store(bench: Bench, video: Video, numbers: range, error: str | None = None) -> None:
    """Give these frames an outcome in the video's attempt."""
    frames = [analyzed(video.video_id, n, a_result(error=error), attempt=video.attempt) for n in numbers]
    bench.results.save(frames, {video.video_id: video.attempt_timestamp})


def test_only_frames_without_a_good_outcome_are_published_again(bench: Bench) -> None:
    bench.decoder = ListedDecoder(frames=1900)
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(1, 1501))
    store(bench, video, range(1501, 1601), error="it raised")
    again(bench, video.video_id)
    bench.publisher.frames.clear()
    run(bench, video.video_id)
    assert bench.numbers(video.video_id) == list(range(1501, 1901))
    assert {frame.attempt for frame in bench.publisher.frames} == {2}
    now = bench.video(video.video_id)
    assert (now.status, now.frames_expected, now.last_frame_number) == (VideoStatus.PROCESSING, 1900, 1900)
    assert count(bench.results, video.video_id) == LedgerCount(1500, 0)
    store(bench, now, range(1501, 1901))
    assert complete_if_full(bench.videos, bench.results, video.video_id)


def test_nothing_is_published_when_all_is_done(bench: Bench) -> None:
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(1, 11))
    again(bench, video.video_id, VideoStatus.CANCELLED)
    bench.publisher.frames.clear()
    run(bench, video.video_id)
    assert bench.numbers(video.video_id) == []
    assert status(bench, video.video_id) is VideoStatus.COMPLETED


def test_a_takeover_in_another_attempt_goes_on_where_it_stopped(bench: Bench) -> None:
    bench.decoder = ListedDecoder(frames=10)
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(3, 6))
    now = again(bench, video.video_id)

    def stop(number: int) -> None:
        if number == 8:
            bench.decoder.before_frame = lambda n: None
            raise MediaError("the test says so")

    bench.publisher.frames.clear()
    bench.decoder.before_frame = stop
    bench.settings = bench.settings.model_copy(update={"frames_in_flight": 100})
    with pytest.raises(MediaError):
        run(bench, video.video_id)
    assert bench.numbers(video.video_id) == [1, 2, 6, 7]
    store(bench, now, range(1, 3))
    run(bench, video.video_id)
    assert bench.numbers(video.video_id)[4:] in ([8, 9, 10], [6, 7, 8, 9, 10])
    assert bench.video(video.video_id).frames_expected == 10


def test_a_source_that_has_changed_since_its_first_outcomes_is_a_failure(bench: Bench) -> None:
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(1, 3))
    again(bench, video.video_id)
    bench.sources.remove(video.video_id)
    bench.fetcher.body = b"another film"
    with pytest.raises(SourceUnreachable, match="has changed"):
        run(bench, video.video_id)


def test_a_source_of_which_nothing_was_kept_may_be_another(bench: Bench) -> None:
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(1, 11), error="it raised")
    again(bench, video.video_id)
    bench.sources.remove(video.video_id)
    bench.fetcher.body = b"another film"
    run(bench, video.video_id)
    assert bench.video(video.video_id).frames_expected == 10


def test_what_is_under_way_is_not_hidden_by_outcomes_further_on(bench: Bench) -> None:
    """Outcomes of later frames are no room for earlier ones."""
    bench.decoder = ListedDecoder(frames=1900)
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(101, 1901))
    now = again(bench, video.video_id)
    earlier = EarlierOutcomes(bench.videos, bench.results, now)
    earlier.reopen()
    assert earlier.ahead == 1800
    assert [n for n in range(1, 103) if earlier.has(n)] == [101, 102]
    assert earlier.ahead == 1798
    assert not earlier.has(2101)  # in a bucket of its own: those before are passed
    assert earlier.ahead == 0


def test_a_first_attempt_asks_nobody(bench: Bench) -> None:
    video = bench.submit()
    store(bench, video, range(1, 3))
    earlier = EarlierOutcomes(bench.videos, bench.results, video)
    earlier.reopen()
    assert not earlier.has(1)
    assert earlier.ahead == 0


def test_work_on_an_earlier_attempt_stops(bench: Bench) -> None:
    """Cancelled and tried again between two looks of the one who works on it: it must not end the new attempt."""
    publisher = HeldPublisher()
    bench.publisher = publisher
    video = bench.submit()
    with working(bench):
        wait_until(lambda: len(publisher.held) == 10)
        again(bench, video.video_id, VideoStatus.CANCELLED)
        wait_until(lambda: len([f for f in publisher.frames if f.attempt == 2]) == 10)
        assert bench.video(video.video_id).frames_expected is None
        publisher.release(*list(publisher.held))
        wait_until(lambda: bench.video(video.video_id).frames_expected == 10)
    assert bench.video(video.video_id).attempt == 2


def test_what_was_found_out_about_an_earlier_attempt_ends_no_other(bench: Bench) -> None:
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(1, 11))

    class Slow(InMemoryVideoStore):
        def transition(
            self, video_id: UUID, wanted: VideoStatus, error: Problem | None = None, attempt: int | None = None
        ) -> bool:
            again(bench, video_id)
            bench.videos.transition(video_id, VideoStatus.PROCESSING)
            return bench.videos.transition(video_id, wanted, error, attempt)

    slow = Slow(bench.videos._videos, _sampled=bench.videos._sampled)
    assert not complete_if_full(slow, bench.results, video.video_id)
    now = bench.video(video.video_id)
    assert (now.status, now.attempt, now.frames_expected) == (VideoStatus.PROCESSING, 2, None)


@pytest.mark.parametrize(
    ("ended", "stays"),
    [(FAILED, True), (VideoStatus.CANCELLED, True), (VideoStatus.COMPLETED, False)],
)
def test_an_upload_stays_while_it_may_be_tried_again(bench: Bench, ended: VideoStatus, stays: bool) -> None:
    upload, url = bench.submit(SourceKind.UPLOAD), bench.submit()
    for video in (upload, url):
        bench.sources.path(video.video_id).parent.mkdir(parents=True)
        bench.sources.path(video.video_id).write_bytes(b"x")
        bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
        bench.videos.transition(video.video_id, ended)
    Sweeper(bench.videos, bench.results, bench.sources, 600).sweep()
    assert bench.sources.path(upload.video_id).exists() is stays
    assert not bench.sources.path(url.video_id).exists()


def test_a_failed_upload_is_tried_again_from_the_same_file(bench: Bench) -> None:
    bench.decoder = ListedDecoder(end=MediaError("cut off"))
    video = bench.submit(SourceKind.UPLOAD)
    path: Path = bench.sources.path(video.video_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"film")
    with working(bench):
        wait_until(lambda: status(bench, video.video_id) is FAILED)
        wait_until(lambda: bench.videos.leaseholder(video.video_id) is None)
        assert path.read_bytes() == b"film"
        bench.decoder.end = None
        again(bench, video.video_id)
        wait_until(lambda: bench.video(video.video_id).frames_expected == 10)


def test_patience_starts_anew_with_another_attempt() -> None:
    video_id = replace(Bench(Path(), None).submit()).video_id  # type: ignore[arg-type]
    watch = StallWatch(600)
    assert watch.observe(0, [Arrival(video_id, 5, 5)]) == []
    assert watch.observe(601, [Arrival(video_id, 5, 5, attempt=2)]) == []
    assert watch.observe(1201, [Arrival(video_id, 5, 5, attempt=2)]) == [video_id]


def test_a_halted_job_says_so(bench: Bench) -> None:
    video = bench.submit()
    halt = Halt()
    halt.bind(lambda: False)
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    with pytest.raises(Halted):
        VideoJob(bench.workbench, bench.video(video.video_id), halt).run()


def test_outcomes_further_on_let_no_more_frames_be_under_way(bench: Bench) -> None:
    bench.decoder = ListedDecoder(frames=1000)
    video = bench.submit()
    run(bench, video.video_id)
    store(bench, video, range(201, 1001))
    bench.publisher.frames.clear()
    bench.settings = bench.settings.model_copy(update={"frames_in_flight": 50})
    now = again(bench, video.video_id)
    with working(bench):
        wait_until(lambda: len(bench.publisher.frames) >= 50)
        time.sleep(0.3)  # more would come within this time
        assert len(bench.publisher.frames) == 50
        store(bench, now, range(1, 31))
        wait_until(lambda: len(bench.publisher.frames) >= 80)
        store(bench, now, range(31, 201))
        wait_until(lambda: bench.video(video.video_id).frames_expected == 1000)
    assert bench.numbers(video.video_id) == list(range(1, 201))
