"""The work on a live video: connections that break, gaps, numbers, ends, dropped frames, take-overs, other attempts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ingest.decode.messages import DecodeRequest, Finished, Message, Probe, SampledFrame
from ingest.halt import Halt, Halted, HaltReason
from ingest.live.bench import LiveBench
from ingest.live.job import LiveJob
from ingest.live.sources import InMemoryLiveSource, LiveSource, StreamOver
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import FramewiseError, MediaError, SourceRefused, SourceUnreachable
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import IngestSettings, LiveSettings
from pipeline.contracts.videos import KeepFrames, Sampling, SourceKind, Video, VideoStatus
from tests.unit.factories import analyzed, jpeg
from tests.unit.ingest.benches import Bench
from tests.waiting import wait_until

BEHIND_SECONDS = 0.4


@dataclass
class Connections:
    """Stands for connections and their decoders: each says so many frames, then why it ended."""

    scripts: list[tuple[int, FramewiseError | None]]
    rate: float = 200.0
    after: Callable[[int], None] = lambda number: None
    requests: list[DecodeRequest] = field(default_factory=list)

    @contextmanager
    def __call__(
        self, source: LiveSource, request: DecodeRequest, stall: float, halt: Halt, meanwhile: Callable[[], None]
    ) -> Iterator[Iterator[Message]]:
        self.requests.append(request)
        yield self._messages(meanwhile)

    def _messages(self, meanwhile: Callable[[], None]) -> Iterator[Message]:
        number = len(self.requests)
        frames, end = self.scripts[number - 1] if number <= len(self.scripts) else (0, SourceUnreachable("away"))
        if frames:
            yield Probe("live", "h264", 0, 64, 48, None, 25.0)
        for count in range(1, frames + 1):
            time.sleep(1 / self.rate)
            meanwhile()
            yield SampledFrame(count, count / self.rate, 64, 48, jpeg(), arrived_at=time.time())
        self.after(number)
        if end is not None:
            raise end
        yield Finished(frames, frames, frames, frames / self.rate, [])


@dataclass
class Stage:
    """A live video with a job, and an analysis beside it."""

    bench: Bench
    connections: Connections
    source: InMemoryLiveSource = field(default_factory=lambda: InMemoryLiveSource([], patience=0.3))
    halt: Halt = field(default_factory=Halt)
    pause: float = 0.0
    fresh: float = 20.0
    """So long as nothing is dropped, however busy the machine is; BEHIND_SECONDS where dropping is looked at."""

    def video(self, **changes: object) -> Video:
        video = self.bench.submit(SourceKind.STREAM)
        video = replace(video, source_url="rtsp://example.com/one", **changes)  # type: ignore[arg-type]
        self.bench.videos._videos[video.video_id] = video
        self.bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
        return self.bench.video(video.video_id)

    def run(self, video: Video, analyses: bool = True) -> None:
        """The job, with an analysis that gives each frame its outcome."""
        settings = LiveSettings(live_fresh_seconds=self.fresh, live_grace_seconds=0.3)
        live = LiveBench(settings, self.bench.publisher, lambda _: self.source, connect=self.connections)
        over = threading.Event()
        analysis = threading.Thread(target=self._analyse, args=(video, over))
        if analyses:
            analysis.start()
        try:
            LiveJob(self.bench.workbench, live, video, self.halt).run()
        finally:
            over.set()
            if analyses:
                analysis.join()

    def _analyse(self, video: Video, over: threading.Event) -> None:
        done = 0
        while not over.is_set() or done < len(self._sent(video)):
            for frame in self._sent(video)[done:]:
                time.sleep(self.pause)
                done += 1
                outcome = analyzed(frame.video_id, frame.frame_number, attempt=frame.attempt)
                self.bench.results.save([outcome], {video.video_id: video.attempt_timestamp})
            over.wait(0.01)
        complete_if_full(self.bench.videos, self.bench.results, video.video_id)

    def _sent(self, video: Video) -> list[Frame]:
        frames = [f for f in list(self.bench.publisher.frames) if f.video_id == video.video_id]
        return [f for f in frames if f.attempt == video.attempt]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for outcomes often: nobody tells of them here."""
    monkeypatch.setattr("ingest.live.job.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("ingest.live.job.DRAIN_SECONDS", 2.0)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "sources", IngestSettings(lease_seconds=3))


def stage(bench: Bench, *scripts: tuple[int, FramewiseError | None], **more: object) -> Stage:
    return Stage(bench, Connections(list(scripts)), **more)  # type: ignore[arg-type]


def test_a_stream_that_is_over_completes_with_every_frame(bench: Bench) -> None:
    world = stage(bench, (40, StreamOver("gone")))
    video = world.video()
    world.run(video)
    ended, progress = bench.video(video.video_id), bench.videos.progress(video.video_id)
    assert (ended.status, ended.frames_expected, ended.last_frame_number) == (VideoStatus.COMPLETED, 40, 40)
    assert (progress.frames_published, progress.frames_dropped, progress.gaps) == (40, 0, ())
    assert progress.connected is False
    frames = bench.publisher.frames
    assert all(frame.live and frame.captured_at is not None for frame in frames)
    first = frames[0].captured_at
    assert first is not None
    assert frames[0].media_time == 0.0
    for frame in frames:
        assert frame.captured_at is not None
        assert frame.media_time == pytest.approx((frame.captured_at - first).total_seconds())
    assert progress.duration == pytest.approx(frames[-1].media_time)


def test_a_connection_that_breaks_is_made_again_and_the_gap_is_named(bench: Bench) -> None:
    away = (0, SourceUnreachable("x"))  # the pauses last for more than the second that makes a gap, by any chance
    world = stage(bench, (10, SourceUnreachable("no frame for 20 s")), away, away, (10, StreamOver("")))
    world.source.patience = 20.0
    video = world.video(sampling=Sampling(3))
    world.run(video)
    numbers = bench.numbers(video.video_id)
    assert len(set(numbers)) == 20
    assert numbers == sorted(numbers)
    assert numbers[10] % 3 == 1
    times = [frame.captured_at for frame in bench.publisher.frames]
    assert times == sorted(times)  # type: ignore[type-var]
    [gap] = bench.videos.progress(video.video_id).gaps
    assert gap.reason == "no frame for 20 s"
    assert gap.started_at == times[9]
    assert gap.ended_at == times[10]
    assert bench.video(video.video_id).status is VideoStatus.COMPLETED


def test_a_publisher_who_does_not_come_back_completes_quietly_and_a_camera_with_a_warning(bench: Bench) -> None:
    for quiet in (True, False):
        world = stage(bench, (10, None))
        world.source.quiet_end = quiet
        video = world.video()
        world.run(video)
        progress = bench.videos.progress(video.video_id)
        assert bench.video(video.video_id).status is VideoStatus.COMPLETED
        assert bool(progress.warnings) is not quiet
        assert len(progress.gaps) == (0 if quiet else 1)
        assert all(gap.ended_at is not None for gap in progress.gaps)


@pytest.mark.parametrize(
    ("scripts", "error"),
    [
        ([], SourceUnreachable),
        ([(0, SourceRefused("inside"))], SourceRefused),
        ([(0, MediaError("codec"))] * 3, MediaError),
        ([(0, StreamOver("the file is empty"))], SourceUnreachable),
    ],
)
def test_a_source_that_never_gave_a_frame_fails_with_the_reason(
    bench: Bench, scripts: list[tuple[int, FramewiseError]], error: type[FramewiseError]
) -> None:
    world = stage(bench, *scripts)
    world.source.patience = 3.0 if scripts else 0.3
    with pytest.raises(error):
        world.run(world.video())
    assert bench.publisher.frames == []


def test_frames_are_dropped_when_the_analysis_is_behind_and_are_not_expected(bench: Bench) -> None:
    world = stage(bench, (150, StreamOver("")), pause=0.05, fresh=BEHIND_SECONDS)
    world.connections.rate = 100.0
    video = world.video()
    world.run(video)
    progress, ended = bench.videos.progress(video.video_id), bench.video(video.video_id)
    assert progress.frames_dropped > 50
    assert progress.frames_published + progress.frames_dropped == 150
    assert (ended.status, ended.frames_expected) == (VideoStatus.COMPLETED, progress.frames_published)


def test_all_frames_wait_if_all_shall_be_kept(bench: Bench) -> None:
    world = stage(bench, (60, StreamOver("")), pause=0.01, fresh=BEHIND_SECONDS)
    world.connections.rate = 500.0
    video = world.video(keep=KeepFrames.ALL)
    world.run(video)
    assert bench.video(video.video_id).frames_expected == 60
    assert bench.videos.progress(video.video_id).frames_dropped == 0


def test_it_ends_when_the_video_is_as_long_as_was_asked(bench: Bench) -> None:
    world = stage(bench, (10_000, None))
    video = world.video(max_duration=0.5)
    world.run(video)
    progress = bench.videos.progress(video.video_id)
    assert bench.video(video.video_id).status is VideoStatus.COMPLETED
    assert progress.duration is not None
    assert 0.1 < progress.duration < 0.7


def test_a_stop_is_noticed_at_once_and_the_next_goes_on(bench: Bench) -> None:
    world = stage(bench, (10_000, None), (10, StreamOver("")))
    video = world.video()
    stopping = threading.Timer(0.4, world.halt.raise_flag, [HaltReason.SHUTDOWN])
    stopping.start()
    with pytest.raises(Halted):
        world.run(video)
    before = bench.numbers(video.video_id)
    world.halt = Halt()
    world.connections.requests[:] = [world.connections.requests[0]]
    wait_until(lambda: True)
    world.run(video)
    numbers = bench.numbers(video.video_id)
    assert len(set(numbers)) == len(numbers)
    assert numbers[len(before)] <= before[-1] + 110
    ended = bench.video(video.video_id)
    assert (ended.status, ended.frames_expected) == (VideoStatus.COMPLETED, len(numbers))


def test_who_takes_over_from_the_dead_repeats_no_number_and_expects_what_was_sent(bench: Bench) -> None:
    world = stage(bench, (30, StreamOver("")), (10, StreamOver("")))
    video = world.video()
    world.halt.bind(lambda: len(bench.publisher.frames) < 20)  # as if the process was killed then
    with pytest.raises(Halted):
        world.run(video)
    sent = bench.numbers(video.video_id)
    assert bench.videos.progress(video.video_id).published_through <= sent[-1]
    world.halt = Halt()
    world.run(video)
    numbers = bench.numbers(video.video_id)
    assert len(set(numbers)) == len(numbers) == len(sent) + 10
    assert numbers[len(sent)] > 1000
    ended = bench.video(video.video_id)
    assert (ended.status, ended.frames_expected) == (VideoStatus.COMPLETED, len(numbers))


def test_another_attempt_keeps_what_is_good_and_numbers_on(bench: Bench) -> None:
    world = stage(bench, (20, StreamOver("")), (5, StreamOver("")))
    video = world.video()
    world.run(video)
    first = bench.video(video.video_id)
    failed = replace(first, status=VideoStatus.FAILED)
    bench.videos._videos[video.video_id] = failed
    assert bench.videos.retry(failed)
    bench.videos.transition(video.video_id, VideoStatus.PROCESSING)
    world.run(bench.video(video.video_id))
    ended = bench.video(video.video_id)
    assert (ended.status, ended.attempt, ended.frames_expected) == (VideoStatus.COMPLETED, 2, 25)
    numbers = bench.numbers(video.video_id)
    assert len(set(numbers)) == 25
