"""Live videos through the real ingest, RTMP server, Kafka and Cassandra; only the models are stood in for."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics
from stack import rtmp
from stack.ports import free_ports
from stack.settings import StackSettings
from tests.integration.analyst import Analyst
from tests.integration.publishing import publishing, rtmp_server
from tests.integration.running_api import running_api, running_ingest, service_environment
from tests.unit.ingest.media import numbered_video
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(rtmp.missing()), reason=rtmp.missing())]
GRACE = 12.0
BODY = {"modelsToRun": ["color_detection"], "sampleSeconds": 0.2}


@dataclass(frozen=True)
class World:
    """Everything that runs, and how to start ingest again."""

    http: httpx.Client
    videos: CassandraVideoStore
    results: CassandraResultStore
    analyst: Analyst
    environment: dict[str, str]
    clip: Path
    folder: Path

    def ingest(self) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        return running_ingest(self.environment, self.folder)

    def video(self, video_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/analysis/{video_id}").json()
        return found

    def done(self, video_id: str) -> int:
        """How many frames have an outcome."""
        return int(self.video(video_id)["frames"]["done"])

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("ingest-*.log"))


@pytest.fixture(scope="module")
def world(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("live")
    clip = numbered_video(folder / "a.mp4", 300, 320, 192, rate=15)
    data = folder / "data"
    port, control = free_ports(2)
    more = {
        "FRAMEWISE_RTMP_PORT": str(port),
        "FRAMEWISE_RTMP_CONTROL_PORT": str(control),
        "FRAMEWISE_LIVE_GRACE_SECONDS": str(GRACE),
        "FRAMEWISE_LIVE_LEASE_SECONDS": "4",
        "FRAMEWISE_DEVICES": f"trial=loop:{clip}",
    }
    with ExitStack() as stack:
        api = stack.enter_context(running_api(data, cassandra_settings, kafka_settings, **more))
        where: dict[str, Any] = {
            "api_port": int(api.url.rpartition(":")[2]),
            "rtmp_port": port,
            "rtmp_control_port": control,
        }
        stack.enter_context(rtmp_server(StackSettings(data_dir=data, **where), data / "rtmp.log"))
        http = stack.enter_context(httpx.Client(base_url=api.url, timeout=30, trust_env=False))
        analyst = stack.enter_context(Analyst(kafka_settings, client).working())
        environment = service_environment(data, cassandra_settings, kafka_settings, **more)
        stores = CassandraVideoStore(client), CassandraResultStore(client)
        yield World(http, *stores, analyst, environment, clip, folder)


def test_a_stream_outlives_its_publisher_and_ingest(world: World) -> None:
    made = world.http.post("/analysis/rtmp-endpoint", json=BODY).json()
    video_id, address = made["video_id"], made["rtmp_endpoint"]
    camera = world.http.post("/analysis/stream", json={"streamURL": "device:trial", **BODY}).json()["video_id"]
    with world.ingest() as ingest:
        wait_until(lambda: world.done(camera) > 3, 40, world.logs)
        assert world.video(video_id)["status"] == "pending"
        with publishing(world.clip, address, world.folder):
            wait_until(lambda: world.done(video_id) >= 10, 30, world.logs)
            assert world.video(video_id)["connected"]
        wait_until(lambda: not world.video(video_id)["connected"], 10, world.logs)
        with publishing(world.clip, address, world.folder):
            before = world.done(video_id)
            wait_until(lambda: world.done(video_id) >= before + 10, 20, world.logs)
            [gap] = world.video(video_id)["gaps"]
            assert gap["to"] is not None
            ingest.kill()
            ingest.wait()
            with world.ingest():
                before, other = world.done(video_id), world.done(camera)
                wait_until(
                    lambda: world.done(video_id) >= before + 10 and world.done(camera) >= other + 5, 40, world.logs
                )
                assert len(world.video(video_id)["gaps"]) == 2
                assert world.http.post(f"/analysis/{camera}/cancel").status_code == 200
                _check_end(world, video_id)


def _check_end(world: World, video_id: str) -> None:
    for process in _ffmpegs():
        process.kill()
    wait_until(lambda: world.video(video_id)["status"] == "completed", GRACE + 25, world.logs)
    video = world.video(video_id)
    frames, seen = video["frames"], world.analyst.seen[UUID(video_id)]
    numbers = [number for number, _, _ in seen]
    assert len(set(numbers)) == len(numbers) == frames["expected"] == frames["done"]
    assert video["error"] is None
    assert [gap["reason"].split()[1] for gap in video["gaps"]] == ["publisher", "was"]
    rows = world.http.get(f"/analysis/{video_id}/results", params={"limit": 1000}).json()["items"]
    times = [row["media_time"] for row in rows]
    assert times == sorted(times)
    assert times[0] == 0
    steps = [b - a for a, b in pairwise(times)]
    assert sum(0.15 < step < 0.27 for step in steps) > 0.7 * (len(steps) - 2)
    late = sorted(late for _, _, late in seen)
    assert late[len(late) // 2] < 0.5


def _ffmpegs() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if p.name() == "ffmpeg"]


def test_a_deleted_stream_ends_at_once_and_its_publisher_with_it(world: World) -> None:
    made = world.http.post("/analysis/rtmp-endpoint", json=BODY).json()
    video_id = made["video_id"]
    with world.ingest(), publishing(world.clip, made["rtmp_endpoint"], world.folder) as publisher:
        wait_until(lambda: world.done(video_id) >= 3, 40, world.logs)
        assert world.http.delete(f"/analysis/{video_id}").status_code in (200, 204)
        wait_until(lambda: not publisher.running, 10)
        number = len(world.analyst.seen[UUID(video_id)])
        wait_until(lambda: world.videos.leaseholder(UUID(video_id)) is None, 5)
    assert len(world.analyst.seen[UUID(video_id)]) <= number + 10
    assert world.videos.progress(UUID(video_id)).frames_published == 0
