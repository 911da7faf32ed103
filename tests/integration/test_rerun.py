"""Re-analysis and retention on real stores: what is read of the parent, what reaches the topic, what is left."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ingest.halt import Halt
from ingest.job import Workbench
from ingest.rerun import ParentGone, RerunJob
from ingest.retention import Retention
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Cleared
from pipeline.contracts.frames import Frame, StoreFrames
from pipeline.contracts.settings import IngestSettings, KafkaSettings
from pipeline.contracts.videos import Sampling, SourceKind, SourceProgress, Video, VideoStatus
from pipeline.kafka.codecs import decode_frame
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics
from pipeline.stores.duties import CassandraDutyStore
from tests.integration.test_publisher import records, texts
from tests.unit.factories import T0, a_video, analyzed, jpeg
from tests.unit.ingest.benches import ListedDecoder, ListedFetcher, Unpaced
from tests.unit.pipeline.clearings import AT, World
from tests.waiting import wait_until


@pytest.fixture
def world(client: CassandraClient, tmp_path: Path) -> World:
    return World(tmp_path, CassandraVideoStore(client), CassandraResultStore(client))


@pytest.fixture
def bench(world: World, publisher: KafkaPublisher) -> Workbench:
    return Workbench(
        world.videos,
        world.results,
        publisher,
        world.sources,
        ListedFetcher(),
        IngestSettings(),
        ListedDecoder(),
        Unpaced(),
        world.frames,
    )


def a_parent(world: World, *numbers: int, **changed: object) -> Video:
    """A live video that has ended, with these frames."""
    video = replace(a_video(), source=SourceKind.RTMP, attempt_timestamp=AT, **changed)  # type: ignore[arg-type]
    world.videos.create(video)
    world.videos.transition(video.video_id, VideoStatus.PROCESSING)
    world.sample(video.video_id, numbers)
    world.videos.save_progress(video.video_id, SourceProgress(duration=8.0, fps=10.0, width=64, height=48))
    for number in numbers:
        world.frames.put(video.video_id, number, jpeg(64, 48, (number % 256, 0, 0)))
    found = [replace(analyzed(video.video_id, n), captured_at=T0 + timedelta(seconds=n)) for n in numbers]
    world.results.save(found, {video.video_id: AT})
    return world.end(video)


def a_rerun(world: World, parent: Video, sampling: Sampling | None = None) -> Video:
    """A re-analysis that is processing."""
    video = replace(a_video(sampling=sampling), source=SourceKind.RERUN, parent_id=parent.video_id)
    world.videos.create(replace(video, store_frames=StoreFrames.NONE, attempt_timestamp=AT))
    world.videos.transition(video.video_id, VideoStatus.PROCESSING)
    return world.known(video.video_id)


def sent(settings: KafkaSettings, video_id: UUID) -> dict[int, Frame]:
    """The frames of a video on the topic."""
    found = [decode_frame(r.value, texts(r)) for r in records(settings, Topics.of(settings).frames)]
    return {frame.frame_number: frame for frame in found if frame.video_id == video_id}


def test_frames_of_the_parent_reach_the_topic(world: World, bench: Workbench, kafka_settings: KafkaSettings) -> None:
    numbers = [1, 11, 21, 1001, 1011]
    parent = a_parent(world, *numbers)
    video = a_rerun(world, parent, Sampling(frame_step=10, start_time=0.5))
    RerunJob(bench, video, Halt()).run()
    frames = sent(kafka_settings, video.video_id)
    assert sorted(frames) == [11, 21, 1001, 1011]
    assert frames[1001].media_time == pytest.approx(100.0)
    assert frames[1001].captured_at == T0 + timedelta(seconds=1001)
    assert frames[1001].jpeg == world.frames.get(parent.video_id, 1001)
    assert (frames[11].store, frames[11].tasks) == (StoreFrames.NONE, video.tasks)
    assert (world.known(video.video_id).frames_expected, world.known(video.video_id).last_frame_number) == (4, 1011)
    known = world.videos.progress(video.video_id)
    assert (known.duration, known.width, known.frames_published) == (8.0, 64, 4)


def test_what_was_cleared_is_left_out_and_counted(
    world: World, bench: Workbench, kafka_settings: KafkaSettings
) -> None:
    parent = a_parent(world, 1, 2, 3)
    [first, *_] = world.results.entries(parent.video_id, 0)
    world.results.clear(parent.video_id, 0, [first], AT + 1)
    world.frames.delete(parent.video_id, [1])
    video = a_rerun(world, parent)
    RerunJob(bench, video, Halt()).run()
    assert sorted(sent(kafka_settings, video.video_id)) == [2, 3]
    assert world.videos.progress(video.video_id).warnings[0].startswith("1 frame of video")
    world.results.save([analyzed(video.video_id, n) for n in (2, 3)], {video.video_id: AT})
    assert world.known(video.video_id).frames_expected == 2


def test_a_parent_that_is_gone(world: World, bench: Workbench) -> None:
    with pytest.raises(ParentGone):
        RerunJob(bench, a_rerun(world, a_video()), Halt()).run()


def test_a_video_without_end_is_cleared_while_it_runs(world: World, client: CassandraClient) -> None:
    running = world.processing(1, 2)
    time.sleep(3)
    world.store(running.video_id, 3)
    cleaner = Retention(world.stores, CassandraDutyStore(client), timedelta(seconds=2.5) / timedelta(days=1), "a")
    assert (cleaner.clear() or Cleared()).frames >= 2
    assert world.stored(running.video_id) == world.entered(running.video_id) == [3]
    assert world.known(running.video_id).status is VideoStatus.PROCESSING


def test_two_processes_clear_one_after_the_other(world: World, client: CassandraClient) -> None:
    video = world.ended(*range(1, 2001, 100))
    time.sleep(0.05)
    duties = CassandraDutyStore(client)
    assert duties.take("retention", "another", 2)
    mine = Retention(world.stores, duties, 0, "mine")
    assert mine.clear() is None
    assert world.videos.get(video.video_id) is not None
    wait_until(lambda: mine.clear() is not None)
    assert world.videos.get(video.video_id) is None
