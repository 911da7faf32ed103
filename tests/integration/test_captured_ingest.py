"""Pictures of cameras elsewhere through the real API, ingest, Kafka and Cassandra; only models are stood in for."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import cv2
import pytest

from framewise import Camera, Client, Video
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.captures import Capture
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.kafka.captures import KafkaCapturePublisher
from pipeline.kafka.dead_letters import DeadLetters
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from tests.integration.analyst import Analyst
from tests.integration.running_api import running_api, running_ingest, service_environment
from tests.unit.ingest.media import numbered, numbered_video
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
TASKS = ["color_detection"]
T0 = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Everything that runs, and how to start ingest again."""

    client: Client
    analyst: Analyst
    captures: KafkaCapturePublisher
    kafka: KafkaSettings
    environment: dict[str, str]
    folder: Path

    def ingest(self) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        return running_ingest(self.environment, self.folder)

    def send(self, camera: Camera, numbers: range) -> None:
        """Publish the pictures of these numbers; those of one second are dated alike."""
        for number in numbers:
            jpeg = cv2.imencode(".jpg", numbered(number, 320 + 16 * (number % 3), 192))[1].tobytes()
            at = T0 + timedelta(seconds=number // 5)
            self.captures.put(Capture(UUID(camera.video_id), at, f"c-{number}", jpeg))
        self.captures.flush(30)

    def done(self, camera: Camera) -> int:
        return self.client.video(camera.video_id).frames.done

    def ended(self, camera: Camera) -> Video:
        wait_until(lambda: self.client.video(camera.video_id).ended, 40, self.logs)
        return self.client.video(camera.video_id)

    def shown(self, camera: Camera) -> dict[int, int]:
        """What each frame number showed; an assertion that a number never showed two pictures."""
        found: dict[int, int] = {}
        for number, picture, _ in self.analyst.seen[UUID(camera.video_id)]:
            assert found.setdefault(number, picture) == picture
        return found

    def logs(self) -> str:
        return "\n".join(path.read_text()[-5000:] for path in self.folder.glob("ingest-*.log"))


@pytest.fixture(scope="module")
def world(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("captured")
    more = {"FRAMEWISE_LIVE_GRACE_SECONDS": "8", "FRAMEWISE_LIVE_LEASE_SECONDS": "3"}
    with ExitStack() as stack:
        api = stack.enter_context(running_api(folder / "data", cassandra_settings, kafka_settings, **more))
        analyst = stack.enter_context(Analyst(kafka_settings, client).working())
        environment = service_environment(folder / "data", cassandra_settings, kafka_settings, **more)
        captures = KafkaCapturePublisher(kafka_settings)
        stack.callback(captures.close)
        yield World(stack.enter_context(Client(api.url)), analyst, captures, kafka_settings, environment, folder)


def test_with_keep_all_nothing_is_lost_or_double_though_ingest_dies(world: World) -> None:
    camera = world.client.camera("door", "all", tasks=TASKS)
    assert (camera.publish.bootstrap, camera.publish.topic) == (
        world.kafka.kafka_bootstrap,
        Topics.of(world.kafka).captures,
    )
    with world.ingest() as ingest:
        world.send(camera, range(1, 41))
        wait_until(lambda: world.done(camera) >= 5, 30, world.logs)
        ingest.kill()
        ingest.wait()
    world.send(camera, range(30, 61))  # some of them again, and more, while nobody reads
    with world.ingest() as ingest:
        wait_until(lambda: world.done(camera) >= 60, 40, world.logs)
        ingest.terminate()
        ingest.wait(20)
    world.send(camera, range(61, 71))
    world.captures.end(UUID(camera.video_id))
    with world.ingest():
        video = world.ended(camera)
    shown = world.shown(camera)
    assert [shown[number] for number in sorted(shown)] == list(range(1, 71))
    assert (video.status, video.frames.expected, video.frames.done, video.gaps) == ("completed", 70, 70, [])
    rows = list(world.client.results(camera.video_id))
    assert [row.captured_at for row in rows] == [T0 + timedelta(seconds=n // 5) for n in range(1, 71)]
    assert [row.media_time for row in rows] == [n // 5 for n in range(1, 71)]


def test_malformed_and_future_pictures_do_not_stop_a_stream(world: World) -> None:
    camera = world.client.camera("gate", tasks=TASKS)
    video_id = UUID(camera.video_id)
    broken = cv2.imencode(".jpg", numbered(1, 320, 192))[1].tobytes()[:40]
    with world.ingest():
        world.captures.put(Capture(video_id, T0, "broken", broken))
        future = cv2.imencode(".jpg", numbered(9, 320, 192))[1].tobytes()
        world.captures.put(Capture(video_id, datetime.now(UTC) + timedelta(days=400), "future", future))
        world.captures.flush(30)
        wait_until(lambda: world.done(camera) == 1, 30, world.logs)
        video = world.ended(camera)  # the camera has gone without a word
    assert (video.status, video.frames.done) == ("completed", 1)
    assert ["future" in warning for warning in video.warnings] == [True]
    [row] = world.client.results(camera.video_id)
    assert row.captured_at is not None
    assert abs((datetime.now(UTC) - row.captured_at).total_seconds()) < 60
    letters = DeadLetters(world.kafka).newest(10)
    assert [letter.video for letter in letters] == [camera.video_id]
    assert "no frame header" in letters[0].reason


def test_a_deleted_camera_leaves_nothing(world: World, publisher: KafkaPublisher) -> None:
    camera = world.client.camera("shed", tasks=TASKS)
    with world.ingest():
        world.send(camera, range(1, 4))
        wait_until(lambda: world.done(camera) == 3, 30, world.logs)
        world.client.delete(camera.video_id)
        world.send(camera, range(4, 7))
        assert list(world.client.videos(status="all", tag="camera:shed")) == []


def test_the_command_sends_every_picture_of_a_film(world: World) -> None:
    clip = numbered_video(world.folder / "film.mp4", 60, 320, 192, rate=10)
    words = [
        "camera",
        "--source",
        clip,
        "--camera-id",
        "film",
        "--interval",
        "0",
        "--keep",
        "all",
        "--models",
        "colors",
    ]
    command = [sys.executable, "-m", "framewise", "--url", world.client.url, *map(str, words)]
    with world.ingest():
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        camera = world.client.video(ended.stdout.strip())
        wait_until(lambda: world.client.video(camera.video_id).ended, 40, world.logs)
    video = world.client.video(camera.video_id)
    assert "60 of 60 pictures were sent, 0 were left out" in ended.stderr
    assert (video.status, video.frames.done, video.tags) == ("completed", 60, ["camera:film"])
    seen = world.analyst.seen[UUID(camera.video_id)]
    assert [shown for _, shown, _ in sorted(seen)] == list(range(1, 61))
    late = sorted(late for _, _, late in seen[20:])
    assert late[len(late) // 2] < 1.0, late


def test_the_program_of_the_docs_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "camera.md").read_text()
    program = "\n".join(
        line[4:] for line in page[page.index("    from kafka import") : page.index("## Times")].splitlines()
    )
    known: dict[str, object] = {"pictures": lambda: [(T0 + timedelta(seconds=n), _jpeg(n)) for n in range(1, 6)]}
    monkeypatch.setattr("framewise.Client", lambda: Client(world.client.url))
    exec(program, known)
    camera = known["camera"]
    assert isinstance(camera, Camera)
    with world.ingest():
        video = world.ended(camera)
    assert (video.status, video.frames.done) == ("completed", 5)
    assert sorted(world.shown(camera).items()) == [(n, n) for n in range(1, 6)]


def _jpeg(number: int) -> bytes:
    return cv2.imencode(".jpg", numbered(number, 320, 192))[1].tobytes()
