"""The work on one video."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.job import VideoJob, Workbench, decode_in_child
from pipeline.contracts.errors import MediaError, SourceUnreachable
from pipeline.contracts.videos import Sampling, SourceKind, SourceProgress, Video, VideoStatus
from tests.unit.factories import analyzed
from tests.unit.ingest.benches import Bench, ListedDecoder
from tests.unit.ingest.media import numbered_video


def begin(bench: Bench, video: Video) -> Video:
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    return bench.video(video.video_id)


def run(bench: Bench, video: Video, halt: Halt | None = None, workbench: Workbench | None = None) -> None:
    VideoJob(workbench or bench.workbench, begin(bench, video), halt or Halt()).run()


def test_publishes_every_sampled_frame_and_says_how_many(bench: Bench) -> None:
    bench.decoder = ListedDecoder(frames=2500, step=2, warnings=("a little damaged",))
    video = bench.submit()
    run(bench, video)
    assert bench.numbers(video.video_id) == list(range(1, 2501, 2))
    now = bench.video(video.video_id)
    assert (now.status, now.frames_expected, now.last_frame_number) == (VideoStatus.PROCESSING, 1250, 2499)
    assert bench.videos.sampled_buckets(video.video_id) == (0, 1, 2)
    sampled = [n for b in (0, 1, 2) for n in bench.videos.sampled(video.video_id, b)]
    assert sampled == list(range(1, 2501, 2))
    known = bench.videos.progress(video.video_id)
    assert (known.frames_published, known.published_through, known.frames_decoded) == (1250, 2499, 2500)
    assert (known.duration, known.fps, known.width, known.height, known.codec) == (250.0, 10.0, 64, 48, "h264")
    assert known.warnings == ("a little damaged",)
    assert known.sha256 == "digest of b'the source'"
    stages = (known.download_started_at, known.download_finished_at, known.decode_started_at, known.decode_finished_at)
    assert all(stages)
    assert list(stages) == sorted(at for at in stages if at)


def test_a_frame_carries_what_the_workers_need(bench: Bench) -> None:
    video = bench.submit()
    run(bench, video)
    frame = bench.publisher.frames[2]
    assert (frame.video_id, frame.attempt, frame.tasks) == (video.video_id, video.attempt, video.tasks)
    assert (frame.frame_number, frame.media_time, frame.width, frame.height) == (3, 0.2, 64, 48)
    assert frame.captured_at is None


def test_completes_when_the_frames_were_faster_than_the_end(bench: Bench) -> None:
    video = bench.submit()

    def analyse(number: int) -> None:
        bench.results.save([analyzed(video.video_id, number)], {video.video_id: 1})

    bench.decoder = ListedDecoder(before_frame=analyse)
    run(bench, video)
    assert bench.video(video.video_id).status is VideoStatus.COMPLETED


def test_a_take_over_goes_on_after_what_was_acknowledged(bench: Bench) -> None:
    video = bench.submit()
    halt = Halt()
    bench.decoder = ListedDecoder(
        frames=1500, before_frame=lambda n: halt.raise_flag(HaltReason.SHUTDOWN) if n == 1200 else None
    )
    with pytest.raises(Halted):
        run(bench, video, halt)
    before = replace(bench.videos.progress(video.video_id), published_through=1100)
    bench.videos.save_progress(video.video_id, before)
    bench.publisher.frames.clear()
    bench.decoder = ListedDecoder(frames=1500)
    run(bench, video)
    assert bench.numbers(video.video_id) == list(range(1101, 1501))
    assert len(bench.videos.sampled(video.video_id, 0)) == 1000
    assert len(bench.videos.sampled(video.video_id, 1)) == 500
    assert bench.video(video.video_id).frames_expected == 1500
    assert bench.videos.progress(video.video_id).frames_published == 1500
    assert bench.videos.progress(video.video_id).download_started_at == before.download_started_at
    assert len(bench.fetcher.asked) == 1


def test_a_source_that_changed_under_way_is_no_source(bench: Bench) -> None:
    video = bench.submit()
    bench.videos.save_progress(video.video_id, SourceProgress(sha256="another", published_through=5))
    with pytest.raises(SourceUnreachable, match="changed"):
        run(bench, video)
    assert bench.numbers(video.video_id) == []


def test_an_upload_is_where_it_was_put(bench: Bench) -> None:
    video = bench.submit(SourceKind.UPLOAD)
    path = bench.sources.path(video.video_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")
    run(bench, video)
    assert bench.fetcher.asked == []
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert bench.videos.progress(video.video_id).sha256 == digest


def test_an_upload_that_is_gone(bench: Bench) -> None:
    with pytest.raises(SourceUnreachable, match="upload it again"):
        run(bench, bench.submit(SourceKind.UPLOAD))


def test_nothing_is_written_after_the_lease_is_lost(bench: Bench) -> None:
    video = bench.submit()
    halt = Halt()
    bench.decoder = ListedDecoder(before_frame=lambda n: halt.raise_flag(HaltReason.LEASE_LOST) if n == 4 else None)
    with pytest.raises(Halted):
        run(bench, video, halt)
    assert bench.numbers(video.video_id) == [1, 2, 3]
    assert bench.video(video.video_id).frames_expected is None
    assert bench.videos.sampled_buckets(video.video_id) == ()


def test_what_cannot_be_decoded_is_said(bench: Bench) -> None:
    bench.decoder = ListedDecoder(end=MediaError("broken"))
    with pytest.raises(MediaError, match="broken"):
        run(bench, bench.submit())


def test_with_a_real_file_and_the_real_child(bench: Bench, tmp_path: Path) -> None:
    video = bench.submit(SourceKind.UPLOAD, Sampling(frame_step=7))
    path = bench.sources.path(video.video_id)
    path.parent.mkdir(parents=True)
    numbered_video(tmp_path / "a.mp4", 50).rename(path)
    run(bench, video, workbench=replace(bench.workbench, decoder=decode_in_child))
    assert bench.numbers(video.video_id) == [1, 8, 15, 22, 29, 36, 43, 50]
    assert bench.video(video.video_id).frames_expected == 8
