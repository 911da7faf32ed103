"""Feeds of a file through the real API, ingest, Kafka and Cassandra: cameras and a stream; models are stood in for."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from framewise import Client
from pipeline.cassandra.client import CassandraClient
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics
from tests.integration.analyst import Analyst
from tests.integration.running_api import running_api, running_ingest, service_environment
from tests.unit.ingest.media import numbered_video

pytestmark = pytest.mark.slow
FRAMES = 40
FEEDS = """
[defaults]
models = ["colors"]
keep = "all"
tags = ["together"]

[[feed]]
id = "left"
source = "film.mp4"
live = true
rate = 10

[[feed]]
id = "right"
source = "film.mp4"
live = true
rate = 5

[[feed]]
id = "pulled"
source = "device:film"
"""


@pytest.fixture(scope="module")
def service(
    client: CassandraClient,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Path]]:
    """The address of the service, and the folder of the feeds."""
    create_topics(kafka_settings)
    folder = tmp_path_factory.mktemp("feeds")
    clip = numbered_video(folder / "film.mp4", FRAMES, 320, 192, rate=10)
    more = {"FRAMEWISE_LIVE_GRACE_SECONDS": "5", "FRAMEWISE_DEVICES": f"film=file:{clip}"}
    with ExitStack() as stack:
        api = stack.enter_context(running_api(folder / "data", cassandra_settings, kafka_settings, **more))
        stack.enter_context(Analyst(kafka_settings, client).working())
        environment = service_environment(folder / "data", cassandra_settings, kafka_settings, **more)
        stack.enter_context(running_ingest(environment, folder))
        yield api.url, folder


def test_cameras_and_a_stream_run_together_to_their_ends(service: tuple[str, Path]) -> None:
    url, folder = service
    (folder / "feeds.toml").write_text(FEEDS)
    done = subprocess.run(
        [sys.executable, "-m", "framewise", "--url", url, "feeds", str(folder / "feeds.toml"), "--json"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + (folder / "ingest.log").read_text()[-3000:]
    videos = {video["video_name"]: video for video in map(json.loads, done.stdout.splitlines())}
    assert {name: video["status"] for name, video in videos.items()} == dict.fromkeys(videos, "completed")
    with Client(url) as client:
        tagged = {video.video_name for video in client.videos(tag="together")}
        rows = {name: len(list(client.results(video["video_id"]))) for name, video in videos.items()}
    assert tagged == {"left", "right", "pulled"}
    assert rows["pulled"] == videos["pulled"]["frames"]["expected"] > 0
    assert videos["pulled"]["frames"]["dropped"] == 0
    assert abs(rows["left"] - FRAMES) <= 2, "a file is played in real time"
    assert abs(rows["right"] - FRAMES / 2) <= 2
    assert "3 feeds: 3 completed" in done.stderr
