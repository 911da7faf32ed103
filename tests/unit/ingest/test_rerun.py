"""The work on a re-analysis, over the in-memory twins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.rerun import ParentGone, RerunJob
from pipeline.contracts.frames import StoreFrames, bucket_of
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.videos import Sampling, SourceKind, SourceProgress, Video, VideoStatus
from pipeline.stores.frames import InMemoryFrameStore
from tests.unit.factories import T0, a_result, a_video, analyzed, jpeg
from tests.unit.ingest.benches import Bench

COLORS = (TaskRequest(TaskName.COLORS),)


def parent_of(bench: Bench, *numbers: int, source: SourceKind = SourceKind.URL, **changed: object) -> Video:
    """A completed video at ten frames a second with these frames stored."""
    video = replace(a_video(status=VideoStatus.COMPLETED), source=source, **changed)  # type: ignore[arg-type]
    bench.videos.create(video)
    bench.videos.save_progress(
        video.video_id, SourceProgress(duration=9.5, fps=10.0, width=640, height=480, codec="h264")
    )
    for number in numbers:
        bench.frames.put(video.video_id, number, picture(number))
    live = source is SourceKind.RTMP
    found = [
        replace(analyzed(video.video_id, n), captured_at=T0 + timedelta(seconds=n) if live else None) for n in numbers
    ]
    bench.results.save(found, {video.video_id: 1})
    return video


def picture(number: int) -> bytes:
    """Each frame's is another."""
    return jpeg(64, 48, (number % 256, 0, 0))


def rerun_of(bench: Bench, parent: Video, sampling: Sampling | None = None) -> Video:
    """A re-analysis that is processing."""
    video = replace(a_video(sampling=sampling), source=SourceKind.RERUN, parent_id=parent.video_id, tasks=COLORS)
    bench.videos.create(video)
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    return bench.video(video.video_id)


def run(bench: Bench, video: Video, halt: Halt | None = None) -> None:
    RerunJob(bench.workbench, video, halt or Halt()).run()


def clear(bench: Bench, video: Video, *numbers: int) -> None:
    """Clear these frames as clearing up does."""
    for number in numbers:
        entries = [e for e in bench.results.entries(video.video_id, bucket_of(number)) if e.frame_number == number]
        bench.results.clear(video.video_id, bucket_of(number), entries, 2)
    bench.frames.delete(video.video_id, numbers)


def warnings(bench: Bench, video: Video) -> tuple[str, ...]:
    return bench.videos.progress(video.video_id).warnings


def test_the_parents_frames_are_published_as_they_are(bench: Bench) -> None:
    parent = parent_of(bench, 1, 11, 21, 1991)
    video = rerun_of(bench, parent)
    run(bench, video)
    assert bench.numbers(video.video_id) == [1, 11, 21, 1991]
    last = bench.publisher.frames[-1]
    assert (last.media_time, last.captured_at, last.width, last.height) == (199.0, None, 64, 48)
    assert (last.jpeg, last.tasks, last.attempt) == (picture(1991), COLORS, video.attempt)
    now = bench.video(video.video_id)
    assert (now.frames_expected, now.last_frame_number) == (4, 1991)
    assert [n for b in (0, 1) for n in bench.videos.sampled(video.video_id, b)] == [1, 11, 21, 1991]
    known = bench.videos.progress(video.video_id)
    assert (known.duration, known.fps, known.width, known.height, known.codec) == (9.5, 10.0, 640, 480, "h264")
    assert (known.frames_published, known.published_through, known.warnings) == (4, 1991, ())
    stages = (known.download_started_at, known.download_finished_at, known.decode_started_at, known.decode_finished_at)
    assert all(stages)
    bench.analyse(video.video_id)
    assert bench.video(video.video_id).status is VideoStatus.COMPLETED
    assert bench.fetcher.asked == []


def test_the_hour_of_live_frames_stays(bench: Bench) -> None:
    video = rerun_of(bench, parent_of(bench, 1, 2, source=SourceKind.RTMP))
    run(bench, video)
    assert [f.captured_at for f in bench.publisher.frames] == [T0 + timedelta(seconds=n) for n in (1, 2)]


@pytest.mark.parametrize(
    ("sampling", "numbers"),
    [
        (Sampling(frame_step=5), [1, 6, 11, 21]),
        (Sampling(frame_step=10), [1, 11, 21]),
        (Sampling(start_time=0.5), [6, 7, 11, 21]),
        (Sampling(end_time=1.0), [1, 2, 6, 7]),
        (Sampling(frame_step=2, start_time=0.1, end_time=2.0), [7, 11]),
    ],
)
def test_some_of_the_frames(bench: Bench, sampling: Sampling, numbers: list[int]) -> None:
    video = rerun_of(bench, parent_of(bench, 1, 2, 6, 7, 11, 21), sampling)
    run(bench, video)
    assert bench.numbers(video.video_id) == numbers
    assert (bench.video(video.video_id).frames_expected, warnings(bench, video)) == (len(numbers), ())


def test_frames_without_a_picture_are_left_out_and_counted(bench: Bench) -> None:
    parent = parent_of(bench, *range(1, 9))
    clear(bench, parent, 1, 2)
    bench.frames.delete(parent.video_id, [4])
    bench.frames.put(parent.video_id, 5, b"damaged")
    video = rerun_of(bench, parent)
    run(bench, video)
    assert bench.numbers(video.video_id) == [3, 6, 7, 8]
    assert bench.video(video.video_id).frames_expected == 4
    (warning,) = warnings(bench, video)
    assert warning.startswith("4 frames of video")


def test_blurred_pictures_are_said_to_be(bench: Bench) -> None:
    video = rerun_of(bench, parent_of(bench, 1, store_frames=StoreFrames.BLURRED))
    run(bench, video)
    (warning,) = warnings(bench, video)
    assert "blurred" in warning


def test_a_parent_that_was_deleted_fails_the_video(bench: Bench) -> None:
    video = rerun_of(bench, a_video())
    with pytest.raises(ParentGone, match="was deleted"):
        run(bench, video)


def test_a_selection_without_frames_fails_the_video(bench: Bench) -> None:
    video = rerun_of(bench, parent_of(bench, 1, 2), Sampling(start_time=100))
    with pytest.raises(ParentGone, match="no frame is stored in this selection"):
        run(bench, video)


class Watched(InMemoryFrameStore):
    """Says of each picture that is taken that it is."""

    def __init__(self, store: InMemoryFrameStore, before: Callable[[int], None]) -> None:
        super().__init__(store.frames, store.stored_at)
        self.before = before

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        self.before(frame_number)
        return super().get(video_id, frame_number)


def test_a_take_over_goes_on_where_the_other_stopped(bench: Bench) -> None:
    """Also when frames that had been taken, and others, are cleared between the two."""
    parent, halt = parent_of(bench, *range(1, 1201)), Halt()
    clear(bench, parent, 3)
    video = rerun_of(bench, parent)
    stored = bench.frames
    bench.frames = Watched(stored, lambda n: halt.raise_flag(HaltReason.SHUTDOWN) if n == 1150 else None)
    with pytest.raises(Halted):
        run(bench, video, halt)
    first = bench.numbers(video.video_id)
    assert first == [1, 2, *range(4, 1150)]
    bench.videos.save_progress(video.video_id, SourceProgress(published_through=1000))
    for bucket in (0, 1):
        bench.videos.save_sampled(video.video_id, bucket, [n for n in first if bucket_of(n) == bucket])
    bench.results.save([analyzed(video.video_id, n) for n in first if n <= 1100], {video.video_id: 1})

    clear(bench, parent, 5, 1010, 1180)
    bench.frames = stored
    run(bench, video)
    assert bench.numbers(video.video_id)[len(first) :] == [n for n in range(1101, 1201) if n != 1180]
    assert bench.video(video.video_id).frames_expected == 1198
    assert warnings(bench, video)[0].startswith("2 frames of video")
    bench.analyse(video.video_id)
    assert bench.video(video.video_id).status is VideoStatus.COMPLETED


def test_a_take_over_after_the_parent_was_deleted_ends_with_what_was_taken(bench: Bench) -> None:
    parent = parent_of(bench, 1, 2, 3)
    video = rerun_of(bench, parent)
    bench.videos.save_progress(video.video_id, SourceProgress(published_through=2))
    bench.videos.save_sampled(video.video_id, 0, [1, 2])
    delete(bench, parent)
    run(bench, video)
    assert (bench.numbers(video.video_id), bench.video(video.video_id).frames_expected) == ([], 2)
    assert "deleted meanwhile; its frames after number 2" in warnings(bench, video)[0]


def test_another_attempt_takes_those_that_failed_or_are_missing(bench: Bench) -> None:
    """Also when the pictures of those that are done are gone."""
    parent = parent_of(bench, *range(1, 7))
    video = rerun_of(bench, parent)
    run(bench, video)
    failed = analyzed(video.video_id, 2, a_result(error="no model"))
    bench.results.save([analyzed(video.video_id, 1), failed, analyzed(video.video_id, 4)], {video.video_id: 1_000_000})
    bench.videos.transition(video.video_id, VideoStatus.CANCELLED)
    assert bench.videos.retry(bench.video(video.video_id))
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    bench.frames.delete(parent.video_id, [4, 5])
    bench.publisher.frames.clear()
    run(bench, bench.video(video.video_id))
    assert bench.numbers(video.video_id) == [2, 3, 6]
    assert bench.video(video.video_id).frames_expected == 5
    assert warnings(bench, video)[0].startswith("1 frame of video")


def test_a_parent_that_is_deleted_meanwhile_ends_the_frames(bench: Bench) -> None:
    parent = parent_of(bench, 1, 2, 1500)
    bench.frames = Watched(bench.frames, lambda n: delete(bench, parent) if n == 2 else None)
    video = rerun_of(bench, parent)
    run(bench, video)
    assert bench.numbers(video.video_id) == [1]
    assert any("deleted meanwhile" in warning for warning in warnings(bench, video))
    assert bench.video(video.video_id).frames_expected == 1


def delete(bench: Bench, video: Video) -> None:
    """Remove a video and all that hangs on it."""
    assert bench.videos.remove(video)
    bench.results.remove(video.video_id, [0, 1], 2)
    bench.frames.delete_video(video.video_id)
