"""Live frames over real Kafka and Cassandra: read as they come, and again from where they were not kept."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import create_topics
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.results import count
from spark_jobs.live import LiveTask
from spark_jobs.live_counts import LateCounts
from spark_jobs.live_frames import KafkaLiveFrames
from spark_jobs.recent_videos import RecentVideos
from spark_jobs.records import Row, place_of
from spark_jobs.results_sink import ResultsSink
from spark_jobs.worker import FrameWorker
from stack.ports import free_ports
from tests.unit.factories import T0, a_frame, a_video
from tests.unit.spark_jobs.test_worker import Stub, careful
from tests.waiting import wait_until

PARTITIONS = 3
PATIENCE = 20.0


@pytest.fixture(scope="module")
def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    chosen = kafka_settings.model_copy(update={"live_partitions": PARTITIONS})
    create_topics(chosen)
    return chosen


@pytest.fixture(scope="module")
def publisher(settings: KafkaSettings) -> Iterator[KafkaPublisher]:
    publisher = KafkaPublisher(settings)
    yield publisher
    publisher.close()


def live(video_id: UUID, number: int) -> Frame:
    return replace(a_frame(video_id, number), captured_at=T0, live=True)


def send(publisher: KafkaPublisher, frames: list[Frame]) -> None:
    for frame in frames:
        publisher.frame(frame, lambda error: None)
    publisher.flush(PATIENCE)


def taken(reader: KafkaLiveFrames, number: int) -> list[Row]:
    found: list[Row] = []
    patience = time.monotonic() + PATIENCE
    while len(found) < number and time.monotonic() < patience:
        if (row := reader.next(0.2)) is not None:
            found.append(row)
    return found


def test_every_share_has_its_partitions_and_goes_on_behind_what_was_kept(
    settings: KafkaSettings, publisher: KafkaPublisher
) -> None:
    video_id = uuid4()
    send(publisher, [live(video_id, n) for n in range(1, 13)])
    readers = [KafkaLiveFrames(settings, share, 2) for share in range(2)]
    rows = [taken(readers[0], 8), taken(readers[1], 4)]
    assert [{row["partition"] for row in share} for share in rows] == [{0, 2}, {1}]
    assert sorted(int(row["frame_number"]) for share in rows for row in share) == list(range(1, 13))
    for row in rows[1][:2]:
        readers[1].kept(row)
    assert readers[1].next(0.5) is None, "the broker is told meanwhile"
    for reader in readers:
        reader.close()
    again = KafkaLiveFrames(settings, 1, 2)
    assert [place_of(row) for row in taken(again, 2)] == [place_of(row) for row in rows[1][2:]]
    again.close()


def test_a_topic_of_an_earlier_start_gets_the_partitions_that_are_wanted_now(settings: KafkaSettings) -> None:
    wider = settings.model_copy(
        update={"live_partitions": PARTITIONS + 2, "topic_prefix": f"{settings.topic_prefix}w-"}
    )
    create_topics(wider.model_copy(update={"live_partitions": 1}))
    create_topics(wider)
    create_topics(wider.model_copy(update={"live_partitions": 2}))
    publisher = KafkaPublisher(wider)
    send(publisher, [live(uuid4(), n) for n in range(1, 11)])
    publisher.close()
    reader = KafkaLiveFrames(wider, 0, 1)
    assert {row["partition"] for row in taken(reader, 10)} == set(range(PARTITIONS + 2))
    reader.close()


def test_what_has_waited_longest_comes_first_of_all_partitions(
    settings: KafkaSettings, publisher: KafkaPublisher
) -> None:
    reader = KafkaLiveFrames(settings, 0, 1)
    while reader.next(1.0) is not None:
        pass
    video_id = uuid4()
    for number in range(1, 31):
        send(publisher, [live(video_id, number)])
    rows = taken(reader, 30)
    assert {row["partition"] for row in rows} == set(range(PARTITIONS))
    assert [int(row["frame_number"]) for row in rows] == list(range(1, 31))
    reader.close()


def test_without_a_broker_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_jobs.live_frames.REACH_SECONDS", 0.2)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        KafkaLiveFrames(KafkaSettings(kafka_bootstrap=f"127.0.0.1:{free_ports(1)[0]}"), 0, 1)


def test_frames_are_kept_counted_and_their_video_completed(
    settings: KafkaSettings, publisher: KafkaPublisher, cassandra_settings: CassandraSettings, tmp_path: Path
) -> None:
    migrate(cassandra_settings)
    client = CassandraClient(cassandra_settings)
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    video = a_video()
    videos.create(video)
    videos.transition(video.video_id, VideoStatus.PROCESSING)
    counts = LateCounts(videos, results)
    sink = ResultsSink(RecentVideos(videos), counts, publisher)
    worker = FrameWorker(careful(Stub(), tmp_path), InMemoryFrameStore(), sink, "w1")
    stop = threading.Event()
    task = LiveTask(worker, KafkaLiveFrames(settings, 0, 1), counts)
    running = threading.Thread(target=task.run, args=(lambda: not stop.is_set(),))
    running.start()
    try:
        send(publisher, [live(video.video_id, n) for n in range(1, 6)])
        wait_until(lambda: count(results, video.video_id).total == 5)
        videos.save_sampled(video.video_id, 0, range(1, 7))
        videos.set_expected(video.video_id, 6, 6)
        send(publisher, [live(video.video_id, 6)])
        wait_until(lambda: status(videos, video.video_id) is VideoStatus.COMPLETED)
    finally:
        stop.set()
        running.join(PATIENCE)
        client.close()
    assert not running.is_alive()


def status(videos: CassandraVideoStore, video_id: UUID) -> VideoStatus | None:
    video = videos.get(video_id)
    return video.status if video is not None else None
