"""What nobody else finishes."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ingest.stalls import Arrival, StallWatch
from ingest.sweeper import Sweeper, explain
from pipeline.contracts.videos import FrameRange, SourceProgress, VideoStatus
from pipeline.stores.videos import Listing
from tests.clock import Clock
from tests.unit.factories import analyzed
from tests.unit.ingest.benches import Bench

A, B = uuid4(), uuid4()


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def sweeper(bench: Bench, clock: Clock) -> Sweeper:
    return Sweeper(bench.videos, bench.results, bench.sources, 600, clock)


def processing(bench: Bench, expected: int | None = 10, sampled: int = 10, order: int = 0) -> UUID:
    video_id = bench.submit(order=order).video_id
    bench.videos.transition(video_id, VideoStatus.PROCESSING)
    bench.videos.save_sampled(video_id, 0, range(1, sampled + 1))
    bench.videos.save_progress(video_id, SourceProgress(frames_published=sampled))
    if expected is not None:
        bench.videos.set_expected(video_id, expected, expected)
    return video_id


def arrive(bench: Bench, video_id: UUID, *numbers: int) -> None:
    bench.results.save([analyzed(video_id, n) for n in numbers], {video_id: 1})


def test_completes_what_is_full(bench: Bench, sweeper: Sweeper) -> None:
    video_id = processing(bench)
    arrive(bench, video_id, *range(1, 11))
    sweeper.sweep()
    assert bench.video(video_id).status is VideoStatus.COMPLETED


def test_gives_up_what_has_stalled_and_names_what_is_missing(bench: Bench, sweeper: Sweeper, clock: Clock) -> None:
    video_id = processing(bench)
    arrive(bench, video_id, 1, 2, 3, 7)
    sweeper.sweep()
    clock.now = 599
    sweeper.sweep()
    assert bench.video(video_id).status is VideoStatus.PROCESSING
    clock.now = 600
    sweeper.sweep()
    video = bench.video(video_id)
    assert video.status is VideoStatus.FAILED
    assert video.error is not None
    assert video.error.detail == "no frame arrived for 600 s; missing frames: 4–6, 8–10"


def test_gives_up_a_video_whose_end_is_not_known(bench: Bench, sweeper: Sweeper, clock: Clock) -> None:
    video_id = processing(bench, expected=None)
    sweeper.sweep()
    clock.now = 700
    sweeper.sweep()
    assert bench.video(video_id).status is VideoStatus.FAILED


def test_what_has_published_nothing_is_not_stalled(bench: Bench, sweeper: Sweeper, clock: Clock) -> None:
    video_id = processing(bench, expected=None, sampled=0)
    waiting = bench.submit(order=1).video_id
    for now in (0, 700, 1400):
        clock.now = now
        sweeper.sweep()
    assert bench.video(video_id).status is VideoStatus.PROCESSING
    assert bench.video(waiting).status is VideoStatus.PENDING


def test_sources_of_ended_videos_go(bench: Bench, sweeper: Sweeper) -> None:
    ended, running = bench.submit().video_id, processing(bench, order=1)
    bench.videos.transition(ended, VideoStatus.CANCELLED)
    fresh, old = uuid4(), uuid4()
    for video_id in (ended, running, fresh, old):
        path = bench.sources.path(video_id)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    hours_ago = time.time() - 7200
    os.utime(bench.sources.path(old).parent, (hours_ago, hours_ago))
    sweeper.sweep()
    assert set(bench.sources.video_ids()) == {running, fresh}


def test_what_is_listed_as_open_without_a_video_goes_after_an_hour(bench: Bench, sweeper: Sweeper) -> None:
    running, now = processing(bench), datetime.now(UTC)
    old, new = Listing(uuid4(), now - timedelta(hours=2)), Listing(uuid4(), now - timedelta(minutes=50))
    bench.videos._left_over |= {old, new}
    sweeper.sweep()
    assert {entry.video_id for entry in bench.videos.open_listings()} == {new.video_id, running}


def test_own_frames_start_patience_anew() -> None:
    watch = StallWatch(10)
    assert watch.observe(0, [Arrival(A, 0, 5)]) == []
    assert watch.observe(9, [Arrival(A, 1, 4)]) == []
    assert watch.observe(18, [Arrival(A, 1, 4)]) == []
    assert watch.observe(19, [Arrival(A, 1, 4)]) == [A]


def test_frames_of_an_older_video_explain_the_wait() -> None:
    watch = StallWatch(10)
    watch.observe(0, [Arrival(A, 0, 5), Arrival(B, 0, 5)])
    assert watch.observe(11, [Arrival(A, 3, 5), Arrival(B, 0, 5)]) == []
    assert watch.observe(20, [Arrival(B, 0, 5)]) == []
    assert watch.observe(21, [Arrival(B, 0, 5)]) == [B]


def test_frames_of_a_younger_video_do_not() -> None:
    watch = StallWatch(10)
    watch.observe(0, [Arrival(A, 0, 5), Arrival(B, 0, 5)])
    assert watch.observe(11, [Arrival(A, 0, 5), Arrival(B, 3, 5)]) == [A]


def test_long_lists_are_cut() -> None:
    gaps = tuple(FrameRange(n, n) for n in range(1, 60, 2))
    assert explain(600, gaps).endswith("37, 39 and more")
    assert "none that were published" in explain(600, ())
