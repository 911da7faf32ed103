"""Pages of results from a real service on Cassandra: cursors outlive the process, and frames that come meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.topics import create_topics
from stack.ports import free_ports
from tests.unit.factories import a_result, a_video, analyzed, dog
from tests.waiting import wait_until

AT = 1_700_000_000_000_000
QUESTION: dict[str, Any] = {
    "task": ["objects_detection", "faces_detection", "color_detection"],
    "label": "dog",
    "limit": 7,
}


@pytest.fixture(scope="module")
def client(cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings) -> Iterator[CassandraClient]:
    migrate(cassandra_settings)
    create_topics(kafka_settings)
    client = CassandraClient(cassandra_settings)
    yield client
    client.close()


@pytest.fixture
def video(client: CassandraClient) -> Video:
    """A video at work, with dogs in every second sampled frame of two buckets."""
    video = replace(a_video(), attempt_timestamp=AT)
    CassandraVideoStore(client).create(video)
    CassandraVideoStore(client).transition(video.video_id, VideoStatus.PROCESSING)
    save(client, video, *range(2, 2000, 50))
    return video


def save(client: CassandraClient, video: Video, *numbers: int) -> None:
    """Store frames, half of them with a dog."""
    frames = [
        analyzed(video.video_id, n, a_result([dog()] if n % 100 == 2 else []), a_result([dog()], TaskName.FACES))
        for n in numbers
    ]
    CassandraResultStore(client).save(frames, {video.video_id: AT})


@contextmanager
def service(cassandra: CassandraSettings, kafka: KafkaSettings, folder: Path, seed: str) -> Iterator[httpx.Client]:
    """A process of the service; strings hash in another way in each."""
    [port] = free_ports(1)
    settings = {
        "FRAMEWISE_API_PORT": str(port),
        "FRAMEWISE_CASSANDRA_PORT": str(cassandra.cassandra_port),
        "FRAMEWISE_KEYSPACE": cassandra.keyspace,
        "FRAMEWISE_KAFKA_BOOTSTRAP": kafka.kafka_bootstrap,
        "FRAMEWISE_TOPIC_PREFIX": kafka.topic_prefix,
        "FRAMEWISE_DATA_DIR": str(folder),
        "PYTHONHASHSEED": seed,
    }
    process = subprocess.Popen([sys.executable, "-m", "api.main"], cwd=ROOT, env=os.environ | settings)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            wait_until(lambda: process.poll() is not None or answers(http))
            yield http
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


def answers(http: httpx.Client) -> bool:
    """Whether the service is there."""
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def numbers(page: dict[str, Any]) -> list[tuple[int, str]]:
    """The rows of a page."""
    return [(row["frame_number"], row["task"]) for row in page["items"]]


def test_a_cursor_outlives_the_service_and_what_is_stored_meanwhile(
    client: CassandraClient,
    video: Video,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path: Path,
) -> None:
    path = f"/analysis/{video.video_id}/results"
    with service(cassandra_settings, kafka_settings, tmp_path, "1") as http:
        whole = http.get(path, params=QUESTION | {"limit": 1000}).json()
        first = http.get(path, params=QUESTION).json()
    found, cursor = numbers(first), first["next_cursor"]
    save(client, video, 1, 1999, 2500)
    with service(cassandra_settings, kafka_settings, tmp_path, "2") as http:
        refused = http.get(path, params={"task": QUESTION["task"], "label": "cat", "cursor": cursor})
        assert refused.status_code == 422
        while cursor is not None:
            page = http.get(path, params=QUESTION | {"cursor": cursor})
            assert page.status_code == 200, page.text
            found, cursor = found + numbers(page.json()), page.json()["next_cursor"]
    later = [(1999, "faces_detection"), (2500, "faces_detection")]
    assert found == sorted(numbers(whole) + later)
