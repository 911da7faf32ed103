"""The work on a camera's video, with the real decoder: what waits, waits in the topic, and nothing is done twice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import pytest

from ingest.halt import Halt, Halted, HaltReason
from ingest.live.bench import LiveBench
from ingest.live.captured.finding import CapturedSources
from ingest.live.captured.log import CaptureLog, InMemoryCaptureLog, LogRecord
from ingest.live.job import LiveJob
from pipeline.contracts.settings import IngestSettings, KafkaSettings, LiveSettings
from pipeline.contracts.videos import KeepFrames, SourceKind, Video, VideoStatus
from tests.unit.ingest.benches import Bench
from tests.unit.ingest.live.captured.records import T0, end, record
from tests.waiting import wait_until

SETTINGS = LiveSettings(live_buffer_bytes=2**20)
PICTURES = 60


def noise(number: int) -> bytes:
    """A picture of some 60 kB: the buffer holds 17 of them."""
    image = np.random.default_rng(number).integers(0, 256, (240, 320, 3), np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("ingest.live.job.LOOK_SECONDS", 0.02)
    return Bench(tmp_path, IngestSettings(lease_seconds=3))


def a_camera(bench: Bench) -> Video:
    video = bench.submit(SourceKind.STREAM)
    video = replace(video, source_url="camera:door", keep=KeepFrames.ALL, created_at=T0)
    bench.videos._videos[video.video_id] = video
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    return bench.video(video.video_id)


@contextmanager
def slow_analysis(bench: Bench, video: Video, away: float = 0.0) -> Iterator[None]:
    """Outcomes ten times a second, after it was away for some seconds."""
    over = threading.Event()

    def work() -> None:
        over.wait(away)
        while not over.wait(0.1):
            bench.analyse(video.video_id)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run(bench: Bench, video: Video, records: list[LogRecord], halt: Halt) -> None:
    def log(settings: KafkaSettings, video_id: UUID) -> CaptureLog:
        return InMemoryCaptureLog(records)

    captured = CapturedSources(KafkaSettings(), SETTINGS, bench.videos, bench.publisher, 10**6, log)
    LiveJob(bench.workbench, LiveBench(SETTINGS, bench.publisher, captured.of), video, halt).run()


def test_while_the_analysis_is_behind_the_topic_waits_and_nothing_is_dropped(bench: Bench) -> None:
    video = a_camera(bench)
    records = [record(n, n / 10, picture=noise(n), video_id=video.video_id) for n in range(PICTURES)]
    with slow_analysis(bench, video, away=2.0):
        run(bench, video, [*records, end(PICTURES, video.video_id)], Halt())
    progress = bench.videos.progress(video.video_id)
    assert bench.numbers(video.video_id) == list(range(1, PICTURES + 1))
    assert (progress.frames_dropped, progress.warnings, progress.gaps) == (0, (), ())
    assert bench.video(video.video_id).frames_expected == PICTURES


@pytest.mark.parametrize("reason", [HaltReason.SHUTDOWN, HaltReason.LEASE_LOST])
def test_whoever_goes_on_publishes_what_was_not_safe_under_the_same_numbers(bench: Bench, reason: HaltReason) -> None:
    video, halt = a_camera(bench), Halt()
    records = [record(n, n / 10, video_id=video.video_id) for n in range(PICTURES)]

    def stop() -> None:
        wait_until(lambda: len(bench.publisher.frames) >= 5)
        halt.raise_flag(reason)

    stopping = threading.Thread(target=stop)
    stopping.start()
    with slow_analysis(bench, video), pytest.raises(Halted):
        run(bench, video, records, halt)
    stopping.join()
    first = {frame.frame_number: (frame.captured_at, frame.media_time) for frame in bench.publisher.frames}
    assert 5 <= len(first) < PICTURES
    if reason is HaltReason.SHUTDOWN:
        assert bench.videos.progress(video.video_id).source_position is not None
    with slow_analysis(bench, video):
        run(bench, video, [*records, end(PICTURES, video.video_id)], Halt())
    assert sorted(set(bench.numbers(video.video_id))) == list(range(1, PICTURES + 1))
    for frame in bench.publisher.frames:
        assert first.get(frame.frame_number, (frame.captured_at, frame.media_time)) == (
            frame.captured_at,
            frame.media_time,
        )
    assert bench.video(video.video_id).frames_expected == PICTURES
