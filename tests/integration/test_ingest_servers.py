"""The ingest service as a process, against real Kafka and Cassandra: claims, take-over, wake-ups, clean stop."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.wakeups import WakeUps
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.contracts.videos import Sampling, Video, VideoStatus
from pipeline.kafka.codecs import decode_frame
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from tests.unit.factories import a_video
from tests.unit.ingest.media import number_in, numbered_video, picture
from tests.unit.servers import Site, content, serving
from tests.waiting import wait_until


@dataclass
class Setting:
    """What the tests of this module share."""

    kafka: KafkaSettings
    videos: CassandraVideoStore
    publisher: KafkaPublisher
    site: Site
    environment: dict[str, str]
    data_dir: Path

    def submit(self, path: str, frame_step: int) -> Video:
        """A video of the site, listed and with a wake-up, as the API does."""
        video = replace(a_video(sampling=Sampling(frame_step)), source_url=self.site.url(path))
        self.videos.create(video)
        self.publisher.wake(video.video_id)
        self.publisher.flush(10)
        return video

    def video(self, video_id: UUID) -> Video:
        """The video as it is now."""
        video = self.videos.get(video_id)
        assert video is not None
        return video

    def frames(self, video_id: UUID) -> list[Frame]:
        """All frames of a video on the topic, by number, with their repetitions."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.kafka_bootstrap, consumer_timeout_ms=2000)
        topic = Topics.of(self.kafka).frames
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        found = [decode_frame(r.value, {k: v.decode() for k, v in r.headers}) for r in consumer]
        self.spread = {r for r in partitions if consumer.position(r) > 0}
        consumer.close()
        return sorted((f for f in found if f.video_id == video_id), key=lambda f: f.frame_number)

    @contextmanager
    def ingest(self, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
        """The service, ended with SIGTERM unless it has gone before."""
        more = {f"FRAMEWISE_{name.upper()}": str(value) for name, value in settings.items()}
        process = subprocess.Popen([sys.executable, "-m", "ingest.main"], cwd=ROOT, env=self.environment | more)
        try:
            ready = self.data_dir / "run" / "ingest.ready"
            wait_until(lambda: ready.is_file() and ready.read_text() == str(process.pid), 60)
            yield process
        finally:
            process.terminate()
            assert process.wait(20) in (0, -9)


@pytest.fixture(scope="module")
def setting(
    kafka_settings: KafkaSettings, cassandra_settings: CassandraSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    migrate(cassandra_settings)
    create_topics(kafka_settings)
    data_dir = tmp_path_factory.mktemp("data")
    client = CassandraClient(cassandra_settings)
    publisher = KafkaPublisher(kafka_settings)
    with serving() as site:
        numbered_video(data_dir / "long.mp4", 900, 320, 192)
        site.answers["/long.mp4"] = content((data_dir / "long.mp4").read_bytes())
        environment = os.environ | {
            "FRAMEWISE_DATA_DIR": str(data_dir),
            "FRAMEWISE_KAFKA_BOOTSTRAP": kafka_settings.kafka_bootstrap,
            "FRAMEWISE_TOPIC_PREFIX": kafka_settings.topic_prefix,
            "FRAMEWISE_CASSANDRA_HOSTS": cassandra_settings.cassandra_hosts,
            "FRAMEWISE_CASSANDRA_PORT": str(cassandra_settings.cassandra_port),
            "FRAMEWISE_KEYSPACE": cassandra_settings.keyspace,
            "FRAMEWISE_ALLOWED_HOSTS": f"127.0.0.1:{site.port}",
            "FRAMEWISE_LEASE_SECONDS": "3",
            "FRAMEWISE_LEAST_IN_FLIGHT": "2000",
        }
        yield Setting(kafka_settings, CassandraVideoStore(client), publisher, site, environment, data_dir)
    publisher.close()
    client.close()


def test_a_video_becomes_frames_on_all_partitions(setting: Setting) -> None:
    with setting.ingest():
        video = setting.submit("/long.mp4", frame_step=10)
        wait_until(lambda: setting.video(video.video_id).frames_expected == 90, 60)
        frames = setting.frames(video.video_id)
        assert [f.frame_number for f in frames] == list(range(1, 901, 10))
        assert [number_in(picture(f.jpeg)) for f in frames] == list(range(1, 901, 10))
        assert [f.media_time for f in frames] == pytest.approx([n / 25 for n in range(0, 900, 10)])
        assert len(setting.spread) == setting.kafka.frames_partitions
        assert setting.videos.progress(video.video_id).frames_published == 90
        assert setting.videos.sampled(video.video_id, 0) == tuple(range(1, 901, 10))
    assert not (setting.data_dir / "run" / "ingest.ready").exists()


def test_a_failure_has_its_reason(setting: Setting) -> None:
    with setting.ingest():
        video = setting.submit("/nothing.mp4", frame_step=1)
        wait_until(lambda: setting.video(video.video_id).status is VideoStatus.FAILED, 60)
        error = setting.video(video.video_id).error
        assert error is not None
        assert "404" in error.detail
        assert not (setting.data_dir / "sources" / str(video.video_id)).exists()


def test_a_short_video_does_not_wait_for_films_and_these_stay_pending(setting: Setting) -> None:
    """Nobody analyses here: what runs is held back and goes on for ever."""
    with setting.ingest(videos_per_worker=2, frames_in_flight=50):
        films = [setting.submit("/long.mp4", frame_step=1) for _ in range(3)]
        wait_until(lambda: len(known_lengths(setting, films)) == 3, 60)
        short = setting.submit("/long.mp4", frame_step=30)
        wait_until(lambda: setting.video(short.video_id).frames_expected == 30, 60)
        states = [setting.video(film.video_id).status for film in films]
        assert sorted(states) == [VideoStatus.PENDING, VideoStatus.PENDING, VideoStatus.PROCESSING]
        for film in films:
            setting.videos.transition(film.video_id, VideoStatus.CANCELLED)


def known_lengths(setting: Setting, videos: list[Video]) -> list[float]:
    """What the listing says of their lengths; 900 each."""
    ids = {video.video_id for video in videos}
    found = [e.frames for e in setting.videos.open_listings() if e.video_id in ids and e.frames is not None]
    assert set(found) <= {900.0}
    return found


def test_a_killed_worker_is_followed_by_another_and_no_frame_is_missing(setting: Setting) -> None:
    with setting.ingest(frames_in_flight=300) as process:
        video = setting.submit("/long.mp4", frame_step=1)
        wait_until(lambda: setting.videos.progress(video.video_id).published_through > 50, 60)
        process.kill()
        process.wait()
    reached = setting.videos.progress(video.video_id).published_through
    with setting.ingest():
        wait_until(lambda: setting.video(video.video_id).frames_expected == 900, 60)
    numbers = [f.frame_number for f in setting.frames(video.video_id)]
    assert sorted(set(numbers)) == list(range(1, 901))
    assert all(numbers.count(n) == 1 for n in range(1, min(reached, 100) + 1))
    assert setting.videos.sampled(video.video_id, 0) == tuple(range(1, 901))


def test_a_wake_up_is_heard(setting: Setting) -> None:
    woken = threading.Event()
    wakeups = WakeUps(setting.kafka, woken.set)
    wakeups.start()
    assert wakeups.listening.wait(20)
    assert not woken.is_set()
    setting.publisher.wake(uuid4())
    setting.publisher.flush(10)
    assert woken.wait(5)
    wakeups.stop(5)
