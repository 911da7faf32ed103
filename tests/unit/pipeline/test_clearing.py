"""Clearing up: what goes, what stays, and what does not come back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.clearing import Cleared, clear, clear_each
from pipeline.completion import complete_if_full, missing
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import FrameRange, LedgerCount, SourceProgress, Video, VideoStatus
from pipeline.stores.results import count
from pipeline.stores.rows import ResultQuery
from tests.unit.factories import a_result, analyzed
from tests.unit.pipeline.clearings import AT, JPEG, MIXTURE_CLEARED, Mixture, World, a_mixture, failing, moment

SIZE = len(JPEG)
TWO_HOURS = timedelta(hours=2)
FAILED = VideoStatus.FAILED


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def is_gone(world: World, video: Video) -> bool:
    """Whether nothing is left of a video anywhere."""
    video_id = video.video_id
    listed = [*world.videos.open_listings(), *world.videos.ended_listings()]
    return (
        world.videos.get(video_id) is None
        and all(entry.video_id != video_id for entry in listed)
        and world.videos.progress(video_id) == SourceProgress()
        and not world.videos.sampled_buckets(video_id)
        and not world.results.summaries(video_id)
        and not world.entered(video_id)
        and not world.results.page(video_id, ResultQuery(), 5).rows
        and not any(world.results.row_counts(video_id, bucket) for bucket in range(4))
        and not list(world.root.glob(f"*/{video_id}"))
    )


def test_old_frames_of_an_open_video_go_and_the_new_ones_stay(world: World) -> None:
    video = world.processing(1, 11, 991, 1001)
    before = moment()
    world.store(video.video_id, 1011, 2001)
    assert world.clear(before) == Cleared(0, 4, 8, 4 * SIZE)
    assert world.stored(video.video_id) == world.entered(video.video_id) == [1011, 2001]
    page = world.results.page(video.video_id, ResultQuery(), 100)
    assert [row.frame_number for row in page.rows] == [1011, 1011, 2001, 2001]
    assert world.known(video.video_id) == video
    assert [entry.video_id for entry in world.videos.open_listings()] == [video.video_id]


def test_what_was_cleared_counts_as_done(world: World) -> None:
    video = world.processing(*range(1, 100))
    world.store(video.video_id, 100, 101, error="it raised")
    world.sample(video.video_id, [102, 103, 104])
    before = moment()
    world.store(video.video_id, 103)
    world.clear(before)
    assert count(world.results, video.video_id) == LedgerCount(100, 2)
    assert missing(world.videos, world.results, video) == (FrameRange(102, 102), FrameRange(104, 104))
    assert world.results.failure_reason(video.video_id) == "it raised"
    world.videos.set_expected(video.video_id, 104, 104)
    assert not complete_if_full(world.videos, world.results, video.video_id)
    world.store(video.video_id, 102, 104)
    assert complete_if_full(world.videos, world.results, video.video_id)
    assert world.known(video.video_id).status is VideoStatus.COMPLETED


def test_a_frame_on_its_way_arrives_between_cleared_ones(world: World) -> None:
    video = world.processing(1, 3)
    world.sample(video.video_id, [2])
    world.frames.put(video.video_id, 2, JPEG)
    world.clear(moment())
    assert world.stored(video.video_id) == [2]
    world.store(video.video_id, 2)
    assert world.entered(video.video_id) == [2]
    assert len(world.results.frame(video.video_id, 2)) == 2


def test_a_late_result_does_not_bring_a_frame_back(world: World) -> None:
    video = world.processing(1, 2)
    world.clear(moment())
    world.store(video.video_id, 1)
    assert world.entered(video.video_id) == []
    assert world.results.frame(video.video_id, 1) == ()
    assert count(world.results, video.video_id) == LedgerCount(2, 0)
    assert world.stored(video.video_id) == [1]
    assert world.clear(moment()) == Cleared(0, 1, 0, SIZE)
    assert world.stored(video.video_id) == []


def test_a_new_attempt_writes_what_was_cleared_of_the_last(world: World) -> None:
    video = world.processing(1, 2)
    world.clear(moment())
    world.results.save([analyzed(video.video_id, 1)], {video.video_id: AT + 1_000_000})
    assert world.entered(video.video_id) == [1]
    assert len(world.results.frame(video.video_id, 1)) == 1
    assert count(world.results, video.video_id) == LedgerCount(2, 0)


def test_an_open_video_is_never_removed(world: World) -> None:
    processing, pending = world.processing(1), world.processing()
    world.clear(moment())
    for video in (processing, pending):
        assert world.known(video.video_id) == video
    assert world.stored(processing.video_id) == []


@pytest.mark.parametrize("status", [VideoStatus.COMPLETED, FAILED, VideoStatus.CANCELLED])
def test_an_ended_video_goes_with_its_last_frame(world: World, status: VideoStatus) -> None:
    video = world.ended(1, 2, 1001, status=status)
    other = world.ended(1)
    source = world.sources.path(video.video_id)
    source.parent.mkdir(parents=True)
    source.write_bytes(b"the source")
    before = moment()
    world.store(other.video_id, 2)
    assert world.clear(before) == Cleared(1, 4, 8, 4 * SIZE + 10)
    assert is_gone(world, video)
    assert world.known(other.video_id) == other
    assert world.stored(other.video_id) == [2]
    world.results.save([analyzed(video.video_id, n) for n in (1, 2, 1001)], {video.video_id: AT})
    assert is_gone(world, video)


def test_an_ended_video_that_had_no_frames_goes_by_its_end(world: World) -> None:
    old = world.ended(status=FAILED)
    before = moment()
    new = world.ended(status=FAILED)
    assert world.clear(before) == Cleared(videos=1)
    assert is_gone(world, old)
    assert not is_gone(world, new)


def test_a_video_in_the_hands_of_ingest_is_left(world: World) -> None:
    video = world.processing(1)
    lease = world.videos.claim(video.video_id, "a", 30)
    world.end(video, VideoStatus.CANCELLED)
    assert lease is not None
    assert world.clear(moment(), dry_run=True).videos == 0
    assert world.clear(moment()) == Cleared(0, 1, 2, SIZE)
    assert not is_gone(world, video)
    world.videos.release(lease)
    assert world.clear(moment()) == Cleared(videos=1)
    assert is_gone(world, video)


def test_a_video_that_changed_meanwhile_is_left(world: World) -> None:
    """As when it is tried anew while it is cleared."""
    video = world.ended(1)
    for step in clear_each(world.stores, moment(), dry_run=True):
        assert step.name == "a.mp4"
        assert step.what == Cleared(1, 1, 2, SIZE)
    assert not world.videos.remove(world.known(world.processing().video_id))
    assert world.known(video.video_id) == video


def test_pictures_that_nobody_knows_go_by_their_age(world: World) -> None:
    unknown = uuid4()
    for number in (1, 2, 1001):
        world.frames.put(unknown, number, JPEG)
    world.age_file(unknown, 2, TWO_HOURS)
    world.age_file(unknown, 1001, TWO_HOURS)
    assert world.clear(datetime.now(UTC) - TWO_HOURS / 2) == Cleared(0, 2, 0, 2 * SIZE)
    assert world.stored(unknown) == [1]
    (world.root / "frames" / "notes").mkdir()
    world.clear(moment())
    assert [path.name for path in (world.root / "frames").iterdir()] == ["notes"]


def test_rows_of_pictures_that_nobody_knows_go_with_them(world: World) -> None:
    unknown = uuid4()
    world.frames.put(unknown, 1, JPEG)
    world.results.save([analyzed(unknown, 1)], {unknown: AT})
    assert world.clear(moment()) == Cleared(0, 1, 1, SIZE)
    assert not world.entered(unknown)
    assert not world.results.summaries(unknown)


def test_a_picture_without_a_row_goes_once_its_video_has_ended_for_long(world: World) -> None:
    running, ended = world.processing(1), world.ended(1)
    before = moment()
    for video in (running, ended):
        world.store(video.video_id, 4)
        for number in (2, 3):
            world.frames.put(video.video_id, number, JPEG)
        world.age_file(video.video_id, 2, TWO_HOURS)
    world.clear(before - TWO_HOURS / 2)
    assert world.stored(running.video_id) == [1, 2, 3, 4]
    assert world.stored(ended.video_id) == [1, 3, 4]


def test_a_video_that_goes_takes_every_picture_with_it(world: World) -> None:
    video = world.ended(1)
    world.frames.put(video.video_id, 2, JPEG)
    before = moment()
    assert world.clear(before, dry_run=True) == world.clear(before) == Cleared(1, 2, 2, 2 * SIZE)
    assert is_gone(world, video)


def test_failed_frames_have_no_picture_and_go(world: World) -> None:
    video = world.processing()
    world.results.save([analyzed(video.video_id, 1, a_result(error="no"))], {video.video_id: AT})
    assert world.clear(moment()) == Cleared(0, 1, 1, 0)
    assert count(world.results, video.video_id) == LedgerCount(0, 1)


def test_a_dry_run_says_the_same_and_changes_nothing(world: World) -> None:
    mixture = a_mixture(world)

    def seen() -> list[object]:
        return [(world.stored(v.video_id), world.entered(v.video_id), world.known(v.video_id)) for v in mixture.videos]

    was = seen()
    dry = list(clear_each(world.stores, mixture.before, dry_run=True))
    assert seen() == was
    assert list(clear_each(world.stores, mixture.before)) == dry
    assert sum((v.what for v in dry), Cleared()) == MIXTURE_CLEARED
    assert clear(world.stores, mixture.before) == Cleared()


def test_a_run_that_is_interrupted_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    for writes in range(100):
        world = World(tmp_path / str(writes))
        mixture = a_mixture(world)
        interrupted = False
        try:
            clear(failing(world.stores, writes), mixture.before)
        except StoreUnavailable:
            interrupted = True
        for video in mixture.videos:
            assert {*world.entered(video.video_id)} <= {*world.stored(video.video_id)}
        clear(world.stores, mixture.before)
        check_cleared(world, mixture)
        if not interrupted:
            assert writes > 15
            return
    raise AssertionError("it never came to an end")


def check_cleared(world: World, mixture: Mixture) -> None:
    """What is there once a mixture was cleared."""
    running, kept = mixture.running.video_id, mixture.kept.video_id
    assert world.stored(running) == world.entered(running) == [1002, 2002]
    assert world.stored(kept) == world.entered(kept) == [1006]
    assert count(world.results, running) == LedgerCount(7, 0)
    assert count(world.results, kept) == LedgerCount(3, 0)
    assert is_gone(world, mixture.failed)
    assert is_gone(world, mixture.cancelled)
    assert not world.stored(mixture.unknown)
    assert clear(world.stores, mixture.before) == Cleared()


def test_a_task_that_came_later_goes_with_its_frame(world: World) -> None:
    video = world.processing(1)
    world.results.save([analyzed(video.video_id, 1, a_result(task=TaskName.COLORS))], {video.video_id: AT})
    assert world.clear(moment()).rows == 3
    assert world.results.row_counts(video.video_id, 0) == {}
