"""Deleting a video beside those who write to it, interrupted at any place, and what comes late."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingest.wiping import Wiper
from pipeline.contracts.errors import NotFound, Problem, StoreUnavailable
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.deleting import delete, remains
from pipeline.stores.deletions import STEPS, InMemoryDeletionStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from tests.clock import Clock
from tests.unit.factories import analyzed
from tests.unit.pipeline.clearings import AT, JPEG, World, failing


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def deletions() -> InMemoryDeletionStore:
    return InMemoryDeletionStore()


def listed(world: World) -> set[UUID]:
    return {e.video_id for e in (*world.videos.open_listings(), *world.videos.ended_listings())}


def test_late_rows_and_files_are_wiped_whenever_they_come(world: World, deletions: InMemoryDeletionStore) -> None:
    video, clock = world.processing(1, 2, 1001), Clock(datetime.now(UTC))
    wiper = Wiper(world.stores, deletions, clock)
    delete(world.stores, deletions, video.video_id)
    assert not remains(world.stores, video.video_id)
    deleted_at = clock.now
    for step in STEPS:
        clock.now = max(clock.now, deleted_at + step) + timedelta(seconds=1)
        world.results.save([analyzed(video.video_id, n) for n in (1, 3, 5001)], {video.video_id: AT})
        world.frames.put(video.video_id, 3, JPEG)
        world.videos.save_sampled(video.video_id, 0, [1, 2, 3])
        world.videos.save_progress(video.video_id, SourceProgress(frames_decoded=5))
        assert world.results.frame(video.video_id, 3) == ()
        wiper.sweep()
        assert not remains(world.stores, video.video_id)
        clock.now += STEPS[2]  # something was found: it is looked at again soon
        wiper.sweep()
    assert deletions.due(clock.now + timedelta(days=9), 10) == []
    assert deletions.get(video.video_id) is not None


def test_a_deletion_that_is_interrupted_is_finished(world: World, deletions: InMemoryDeletionStore) -> None:
    clock = Clock(datetime.now(UTC))
    for allowed in range(12):
        video = world.ended(1, 2, 1001, status=VideoStatus.FAILED)
        with suppress(StoreUnavailable):
            delete(failing(world.stores, allowed), deletions, video.video_id)
        clock.now = datetime.now(UTC) + timedelta(seconds=6)
        Wiper(world.stores, deletions, clock).sweep()
        assert not remains(world.stores, video.video_id)
        assert video.video_id not in listed(world)


def test_a_deletion_that_died_after_its_tombstone_is_finished(world: World, deletions: InMemoryDeletionStore) -> None:
    video = world.processing(1)
    deletions.enter(video)
    clock = Clock(datetime.now(UTC))
    clock.now += timedelta(seconds=6)
    Wiper(world.stores, deletions, clock).sweep()
    assert world.videos.get(video.video_id) is None
    assert not remains(world.stores, video.video_id)


def test_a_video_that_changes_meanwhile_is_deleted_all_the_same(world: World, deletions: InMemoryDeletionStore) -> None:
    video = world.processing(1)

    class Changing(InMemoryVideoStore):
        def delete(self, given: Video) -> bool:
            if given.status is VideoStatus.PROCESSING:
                self.transition(given.video_id, VideoStatus.FAILED, Problem("x", "y", "z"))
            return super().delete(given)

    assert isinstance(world.videos, InMemoryVideoStore)
    world.videos = Changing(world.videos._videos)
    delete(world.stores, deletions, video.video_id)
    assert world.videos.get(video.video_id) is None
    assert listed(world) == set()
    entered = deletions.get(video.video_id)
    assert entered is not None
    assert entered.status is VideoStatus.FAILED


def test_what_never_was_cannot_be_deleted(world: World, deletions: InMemoryDeletionStore) -> None:
    with pytest.raises(NotFound):
        delete(world.stores, deletions, uuid4())


def test_deleting_twice_is_deleting_once(world: World, deletions: InMemoryDeletionStore) -> None:
    video = world.processing(1)
    delete(world.stores, deletions, video.video_id)
    first = deletions.get(video.video_id)
    delete(world.stores, deletions, video.video_id)
    assert deletions.get(video.video_id) == first
