"""The camera door as a process, on real servers: an older producer before it, an older consumer behind it."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from framewise import Client
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.contracts.captures import Capture
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.kafka.capture_codec import decode_capture
from pipeline.kafka.dead_letters import DeadLetters
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from pipeline.readiness import ready_file
from pipeline.stores.frames import FolderFrameStore
from tests.integration.running_api import running_api
from tests.unit.connectors.camera.pictures import a_jpeg, a_png
from tests.unit.factories import a_result, analyzed, dog
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
ZONE = "Europe/Berlin"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class World:
    """The servers, the door's settings, and the producer and the consumer of an earlier system."""

    kafka: KafkaSettings
    url: str
    folder: Path

    @property
    def older(self) -> str:
        return f"{self.kafka.topic_prefix}pycturestream"

    @property
    def results(self) -> str:
        return f"{self.kafka.topic_prefix}resultstream"

    @contextmanager
    def door(self) -> Iterator["subprocess.Popen[bytes]"]:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")},
            "PYTHONPATH": str(ROOT),
            "FRAMEWISE_DATA_DIR": str(self.folder),
            "FRAMEWISE_URL": self.url,
            "FRAMEWISE_KAFKA_BOOTSTRAP": self.kafka.kafka_bootstrap,
            "FRAMEWISE_TOPIC_PREFIX": self.kafka.topic_prefix,
            "FRAMEWISE_CAMERA_OLDER_TOPIC": self.older,
            "FRAMEWISE_CAMERA_RESULT_TOPIC": self.results,
            "FRAMEWISE_CAMERA_ZONE": ZONE,
        }
        log = self.folder / f"door-{time.monotonic_ns()}.log"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "connectors.camera.main"],
                env=environment,
                cwd=ROOT,
                stdout=written,
                stderr=written,
            )
        try:
            ready = ready_file(self.folder, "camera")
            wait_until(lambda: process.poll() is not None or (ready.exists() and ready.read_text() == str(process.pid)))
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            process.kill()
            process.wait()

    def produce(self, *messages: Any) -> None:
        """As the older producer does: an object as JSON, without a key."""
        producer = KafkaProducer(bootstrap_servers=self.kafka.kafka_bootstrap)
        for message in messages:
            producer.send(self.older, json.dumps(message).encode("utf8")).get(timeout=10)
        producer.close()

    def captures(self) -> list[Capture]:
        """What is in the topic."""
        found = (decode_capture(r.value, dict(r.headers)) for r in self._read(Topics.of(self.kafka).captures))
        return [capture for capture in found if isinstance(capture, Capture)]

    def messages(self) -> list[dict[str, Any]]:
        """What an older consumer reads."""
        return [json.loads(record.value) for record in self._read(self.results)]

    def _read(self, topic: str) -> list[Any]:
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.kafka_bootstrap, group_id=None)
        try:
            places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends, records = consumer.end_offsets(places), []
            while any(consumer.position(place) < ends[place] for place in places):
                records += [record for batch in consumer.poll(timeout_ms=200).values() for record in batch]
            return records
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def world(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("door")
    with running_api(folder, cassandra_settings, kafka_settings) as api:
        yield World(kafka_settings, api.url, folder)


def message(camera_id: str = "holger cam", timestamp: Any = "2026-11-22T13:00:00", image: bytes | None = None) -> Any:
    return {
        "image": base64.b64encode(image or a_jpeg()).decode("utf-8"),
        "timestamp": timestamp,
        "camera_id": camera_id,
    }


def test_older_producers_and_consumers_keep_working(world: World, client: CassandraClient) -> None:
    with world.door() as door:
        world.produce(message(), {"image": "?"}, message(timestamp=1795348800.5), "no object", message("desk"))
        wait_until(lambda: len(world.captures()) == 3)
        door.kill()
        door.wait()
        world.produce(message(timestamp="2999-01-01T00:00:00"), message(image=a_png()))
        with world.door() as again:
            wait_until(lambda: len(world.captures()) >= 4)
            _check_captures(world)
            _check_results(world, client)
            again.send_signal(signal.SIGTERM)
            assert again.wait(20) == 0
    assert not ready_file(world.folder, "camera").exists()


def _check_captures(world: World) -> None:
    captures = {capture.capture_id: capture for capture in world.captures()}
    assert [name.removeprefix(f"{world.older}/0/") for name in sorted(captures)] == ["0", "2", "4", "6"]
    first, half, desk, png = (captures[f"{world.older}/0/{number}"] for number in (0, 2, 4, 6))
    assert first.video_id == half.video_id == png.video_id != desk.video_id
    assert (first.captured_at, half.captured_at) == (NOON, NOON.replace(microsecond=500_000))
    assert first.jpeg == a_jpeg()
    assert png.jpeg.startswith(b"\xff\xd8")
    letters = DeadLetters(world.kafka).newest(10)
    assert [letter.name.rpartition("/")[2] for letter in letters] == ["1", "3", "5"]
    reasons = [letter.reason for letter in letters]
    assert reasons[0] == "the message has no timestamp and no camera_id"
    assert "not an object" in reasons[1]
    assert "not in this century" in reasons[2]
    with Client(world.url) as service:
        found = {video.video_id: video for video in service.videos(status="all")}
    assert {video.video_name for video in found.values()} == {"holger cam", "desk"}
    assert len(found) == 2


def _check_results(world: World, client: CassandraClient) -> None:
    video_id = next(capture.video_id for capture in world.captures() if capture.capture_id.endswith("/0"))
    frames = [replace(analyzed(video_id, n, a_result([dog()])), captured_at=NOON.replace(second=n)) for n in (1, 2)]
    store = FolderFrameStore(world.folder / "frames")
    with Client(world.url) as service:
        assert service.video(video_id).video_name == "holger cam"
    results = CassandraResultStore(client)
    results.save(frames, {video_id: 1})
    publisher = KafkaPublisher(world.kafka)
    for frame in frames:
        publisher.outcomes([frame])
        publisher.flush(10)
        store.put(video_id, frame.frame_number, a_jpeg())  # a picture may be there later than what is told
    publisher.close()
    wait_until(lambda: len(world.messages()) == 2)
    first, second = world.messages()
    assert (first["camera_id"], first["timestamp"]) == ("holger cam", "2026-11-22T13:00:01.000000")
    assert second["timestamp"] == "2026-11-22T13:00:02.000000"
    assert first["objects"] == [{"label": "dog", "score": 0.9, "sector": ["middle", "center"]}]
    assert base64.b64decode(first["image"]).startswith(b"\xff\xd8")
    assert base64.b64decode(first["image"]) != a_jpeg()
