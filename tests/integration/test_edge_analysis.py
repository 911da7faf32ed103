"""Pictures of the edge as frames of a live video: real servers and services; models are stood in for."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import pytest

from connectors.edge.crops import Crop, crop_id
from connectors.edge.messages import encode
from connectors.edge.passing import Answer
from connectors.edge.session import Session
from framewise import Client, Video
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics
from tests.edge import Door, processor
from tests.integration.analyst import Analyst
from tests.integration.running_api import running_api, running_ingest, service_environment
from tests.mosquitto import MISSING, broker
from tests.unit.ingest.media import numbered
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")]
START = datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC)
YARD = "edge/yard/gate/2026-11-20"


@dataclass(frozen=True)
class World:
    """Everything that runs, and the camera's connection."""

    client: Client
    camera: Session
    processor: Door
    store: Path

    def send(self, numbers: range) -> None:
        """Publish numbered pictures, two a second."""
        answers: list[Answer] = []
        for number in numbers:
            self.camera.send(encode(a_crop(number)), answers.append)
        wait_until(lambda: answers == [Answer.TAKEN] * len(numbers))

    def videos(self, day: str = YARD) -> list[Video]:
        """Those of a camera and day, the newest first."""
        return list(self.client.videos(status="all", external_id=day))

    def frames(self, day: str = YARD) -> list[int]:
        """How many frames are done, of each of them."""
        return [self.client.video(video.video_id).frames.done for video in self.videos(day)]


def a_crop(number: int) -> Crop:
    at = START + timedelta(seconds=number / 2)
    jpeg = cv2.imencode(".jpg", numbered(number, 320 + 16 * (number % 3), 192))[1].tobytes()
    return Crop(jpeg, "yard", "gate", at, str(number), crop_id("yard", "gate", at, str(number)))


@pytest.fixture(scope="module")
def world(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("edge")
    with ExitStack() as held:
        cloud = held.enter_context(broker(folder / "cloud"))
        api = held.enter_context(running_api(folder / "data", cassandra_settings, kafka_settings))
        held.enter_context(Analyst(kafka_settings, client).working())
        environment = service_environment(folder / "data", cassandra_settings, kafka_settings)
        held.enter_context(running_ingest(environment, folder))
        tasks = {"FRAMEWISE_EDGE_TASKS": "color_detection", "FRAMEWISE_URL": api.url}
        kafka = {
            "FRAMEWISE_KAFKA_BOOTSTRAP": kafka_settings.kafka_bootstrap,
            "FRAMEWISE_TOPIC_PREFIX": kafka_settings.topic_prefix,
        }
        door = processor(folder / "processor", cloud.settings(), str(folder / "store"), **tasks, **kafka)
        held.callback(door.stop)
        door.run()
        camera = Session(cloud.settings(), "test-camera")
        held.callback(camera.stop)
        camera.start()
        yield World(held.enter_context(Client(api.url)), camera, door, folder / "store")


def test_each_picture_is_a_frame_of_its_days_video_once_though_the_processor_is_killed(world: World) -> None:
    world.send(range(4, 6))  # of the next day
    world.send(range(0, 4))
    wait_until(lambda: world.frames() == [4])
    [video] = world.videos()
    assert set(video.tags) == {"edge", "camera:yard/gate"}
    assert [model["name"] for model in video.models_to_run] == ["color_detection"]
    world.processor.kill()
    world.send(range(0, 4))
    world.processor.run()
    wait_until(lambda: world.frames("edge/yard/gate/2026-11-21") == [2])
    rows = list(world.client.results(video.video_id))
    assert [row.captured_at for row in rows] == [a_crop(n).captured_at for n in range(4)]


def test_pictures_of_a_video_that_was_deleted_begin_another(world: World) -> None:
    [video] = world.videos()
    world.client.delete(video.video_id)
    wait_until(lambda: not world.videos())
    time.sleep(5.5)  # so long the processor takes a video for one that is there
    at = START + timedelta(milliseconds=1)
    crop = Crop(a_crop(7).image, "yard", "gate", at, "7", crop_id("yard", "gate", at, "7"))
    world.camera.send(encode(crop), lambda answer: None)
    wait_until(lambda: world.frames() == [1])
    assert world.videos()[0].video_id != video.video_id
