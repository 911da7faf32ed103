"""When a video has ended."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import pytest

from pipeline.completion import complete_if_full, missing
from pipeline.contracts.videos import FrameRange, Video, VideoStatus
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from tests.unit.factories import a_result, a_video, analyzed


@pytest.fixture
def videos() -> InMemoryVideoStore:
    return InMemoryVideoStore()


@pytest.fixture
def results() -> InMemoryResultStore:
    return InMemoryResultStore()


@pytest.fixture
def video(videos: InMemoryVideoStore) -> Video:
    video = a_video()
    videos.create(video)
    videos.transition(video.video_id, VideoStatus.PROCESSING)
    return video


def keep(results: InMemoryResultStore, video_id: UUID, *numbers: int, error: str | None = None) -> None:
    results.save([analyzed(video_id, n, a_result(error=error)) for n in numbers], {video_id: 1})


def status(videos: InMemoryVideoStore, video: Video) -> VideoStatus:
    known = videos.get(video.video_id)
    assert known is not None
    return known.status


def test_full_is_complete_whoever_writes_last(
    videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video
) -> None:
    keep(results, video.video_id, 1, 3)
    assert not complete_if_full(videos, results, video.video_id)
    videos.set_expected(video.video_id, 3, 5)
    assert not complete_if_full(videos, results, video.video_id)
    keep(results, video.video_id, 5)
    assert complete_if_full(videos, results, video.video_id)
    assert status(videos, video) is VideoStatus.COMPLETED
    assert not complete_if_full(videos, results, video.video_id)


def test_the_same_frame_twice_counts_once(
    videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video
) -> None:
    videos.set_expected(video.video_id, 2, 2)
    keep(results, video.video_id, 1)
    keep(results, video.video_id, 1)
    assert not complete_if_full(videos, results, video.video_id)


def test_some_failed_frames_do_not_fail_a_video(
    videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video
) -> None:
    videos.set_expected(video.video_id, 2, 2)
    keep(results, video.video_id, 1)
    keep(results, video.video_id, 2, error="it raised")
    assert complete_if_full(videos, results, video.video_id)
    assert status(videos, video) is VideoStatus.COMPLETED


def test_nothing_but_failed_frames_is_a_failed_video(
    videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video
) -> None:
    videos.set_expected(video.video_id, 2, 2)
    keep(results, video.video_id, 1, 2, error="no weights")
    assert complete_if_full(videos, results, video.video_id)
    known = videos.get(video.video_id)
    assert known is not None
    assert known.error is not None
    assert known.status is VideoStatus.FAILED
    assert "no weights" in known.error.detail


def test_gaps_are_named_by_sampled_frames(
    videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video
) -> None:
    videos.save_sampled(video.video_id, 0, range(1, 1001, 5))
    videos.save_sampled(video.video_id, 1, range(1001, 1100, 5))
    keep(results, video.video_id, *range(1, 900, 5), *range(1006, 1090, 5))
    assert missing(videos, results, video) == (FrameRange(901, 996), FrameRange(1001, 1001), FrameRange(1091, 1096))


def test_only_a_video_in_process_is_completed(videos: InMemoryVideoStore, results: InMemoryResultStore) -> None:
    pending, cancelled = a_video(), a_video()
    for video in (pending, cancelled):
        videos.create(video)
        videos.set_expected(video.video_id, 1, 1)
        keep(results, video.video_id, 1)
    videos.transition(cancelled.video_id, VideoStatus.CANCELLED)
    assert not any(complete_if_full(videos, results, v) for v in (pending.video_id, cancelled.video_id, uuid4()))


def test_counts_that_are_too_high_complete_nothing(videos: InMemoryVideoStore, video: Video) -> None:
    """What the buckets say is counted anew before it is believed."""

    class Forgetful(InMemoryResultStore):
        def recount(self, video_id: UUID, buckets: Iterable[int]) -> None:
            self._ledger.clear()

    results = Forgetful()
    videos.set_expected(video.video_id, 1, 1)
    keep(results, video.video_id, 1)
    assert not complete_if_full(videos, results, video.video_id)
    assert status(videos, video) is VideoStatus.PROCESSING


def test_gaps_are_named_up_to_a_limit(videos: InMemoryVideoStore, results: InMemoryResultStore, video: Video) -> None:
    for bucket in range(4):
        videos.save_sampled(video.video_id, bucket, range(bucket * 1000 + 1, bucket * 1000 + 1001))
    keep(results, video.video_id, *range(1, 1001), *range(1001, 2001, 2))
    every = tuple(FrameRange(n, n) for n in range(1002, 2001, 2))
    assert missing(videos, results, video, limit=7) == every[:7]
    assert missing(videos, results, video, limit=1000) == (*every, FrameRange(2001, 3000), FrameRange(3001, 4000))
