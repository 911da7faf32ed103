"""Events on the real servers: how soon they come, what many listeners cost, how they end with the service."""

import json
import signal
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from kafka import KafkaProducer

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from tests.integration.running_api import RunningApi, running_api
from tests.unit.api.events.listening import Event, parsed
from tests.unit.factories import a_result, a_video, analyzed, dog
from tests.waiting import wait_until


@dataclass
class Analysis:
    """What ingest and the workers do, by hand."""

    client: CassandraClient
    publisher: KafkaPublisher

    def __post_init__(self) -> None:
        self.videos = CassandraVideoStore(self.client)
        self.results = CassandraResultStore(self.client)

    def begin(self, frames: int) -> Video:
        """A video in work, so many frames of which are sampled."""
        video = a_video(status=VideoStatus.PROCESSING, created_at=datetime.now(UTC))
        self.videos.create(video)
        for first in range(1, frames + 1, 1000):
            numbers = range(first, min(frames, first + 999) + 1)
            self.videos.save_sampled(video.video_id, first // 1000, list(numbers))
        return video

    def finish(self, video: Video, *numbers: int, dogs: int = 1) -> None:
        """Frames have their outcome, as the sink keeps it."""
        frames = [analyzed(video.video_id, number, a_result([dog()] * dogs)) for number in numbers]
        self.results.save(frames, {video.video_id: video.attempt_timestamp})
        self.publisher.outcomes(frames)
        self.publisher.flush(10)


@pytest.fixture(scope="module")
def analysis(cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings) -> Iterator[Analysis]:
    migrate(cassandra_settings)
    create_topics(kafka_settings)
    found = Analysis(CassandraClient(cassandra_settings), KafkaPublisher(kafka_settings))
    yield found
    found.publisher.close()
    found.client.close()


@pytest.fixture(scope="module")
def api(
    analysis: Analysis,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningApi]:
    with running_api(tmp_path_factory.mktemp("api"), cassandra_settings, kafka_settings) as running:
        yield running


class Client(threading.Thread):
    """Listens to a video until its stream ends, and notes when each event came."""

    def __init__(self, url: str, video_id: UUID, **params: Any) -> None:
        super().__init__(daemon=True)
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._request = (f"/analysis/{video_id}/events", params)
        self.came: list[tuple[float, Event]] = []
        self.start()

    def run(self) -> None:
        path, params = self._request
        text = ""
        with self._http, self._http.stream("GET", path, params=params) as answer:
            assert answer.status_code == 200, answer.read()
            for piece in answer.iter_text():
                *whole, text = (text + piece).split("\n\n")
                self.came += [(time.monotonic(), event) for block in whole for event in parsed(block)]

    def rows(self, kind: str = "result") -> list[int]:
        """The frames of the rows that came."""
        return [event.data["frame_number"] for _, event in list(self.came) if event.kind == kind]


def test_what_is_stored_is_with_the_client_at_once(api: RunningApi, analysis: Analysis) -> None:
    video = analysis.begin(30)
    client = Client(api.url, video.video_id)
    wait_until(lambda: bool(client.came))
    delays = []
    for number in range(1, 21):
        analysis.finish(video, number)
        stored = time.monotonic()
        wait_until(lambda number=number: number in client.rows(), 10)  # type: ignore[misc]
        delays.append(client.came[-1][0] - stored)
    print(f"median {statistics.median(delays) * 1000:.0f} ms, longest {max(delays) * 1000:.0f} ms")  # noqa: T201
    assert client.rows() == list(range(1, 21))
    assert statistics.median(delays) < 0.5
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    client.join(10)
    assert not client.is_alive()
    assert client.came[-1][1].data["status"] == "completed"


def test_previews_do_not_wait_for_the_order_and_garbage_is_passed_over(
    api: RunningApi, analysis: Analysis, kafka_settings: KafkaSettings
) -> None:
    video = analysis.begin(9)
    client = Client(api.url, video.video_id, previews=True)
    wait_until(lambda: bool(client.came))
    garbage = KafkaProducer(bootstrap_servers=kafka_settings.kafka_bootstrap, enable_idempotence=False)
    topic = Topics.of(kafka_settings).results
    key = video.video_id.bytes
    for known, value in ((b"?", b"x"), (None, b"{}"), (key, None), (key, b"\xff"), (key, json.dumps([1]).encode())):
        garbage.send(topic, value, key=known)
    garbage.flush(10)
    garbage.close()
    analysis.finish(video, 5)
    wait_until(lambda: client.rows("preview") == [5], 10)
    assert client.rows() == []
    analysis.finish(video, *range(1, 5))
    wait_until(lambda: client.rows() == [1, 2, 3, 4, 5], 10)
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    client.join(10)


def test_two_hundred_listeners_starve_nobody(api: RunningApi, analysis: Analysis) -> None:
    video = analysis.begin(2000)
    analysis.finish(video, *range(1, 61))
    clients = [Client(api.url, video.video_id) for _ in range(200)]
    wait_until(lambda: all(client.rows()[-1:] == [60] for client in clients), 60)
    refused = httpx.get(f"{api.url}/analysis/{video.video_id}/events", timeout=30, trust_env=False)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    analysis.finish(video, *range(61, 101))
    waits = []
    for _ in range(10):
        began = time.monotonic()
        assert httpx.get(f"{api.url}/analysis/{video.video_id}", timeout=20, trust_env=False).status_code == 200
        waits.append(time.monotonic() - began)
    print(f"a request beside 200 streams: median {statistics.median(waits) * 1000:.0f} ms")  # noqa: T201
    assert statistics.median(waits) < 2
    wait_until(lambda: all(client.rows()[-1:] == [100] for client in clients), 60)
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda client: client.join(30), clients))
    assert all(client.rows() == list(range(1, 101)) for client in clients)


def test_streams_end_with_the_service_also_of_those_who_do_not_read(
    analysis: Analysis, cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    video = analysis.begin(5000)
    for first in range(1, 3001, 1000):
        analysis.finish(video, *range(first, first + 1000), dogs=20)
    with running_api(tmp_path, cassandra_settings, kafka_settings) as running:
        client = Client(running.url, video.video_id)
        port = int(running.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(f"GET /analysis/{video.video_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            wait_until(lambda: len(client.rows()) == 3000, 60)
            began = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            client.join(10)
            ended = time.monotonic() - began
            running.process.wait(20)
            gone = time.monotonic() - began
    print(f"the stream ended after {ended:.1f} s, the service after {gone:.1f} s")  # noqa: T201
    assert ended < 2
    assert gone < 6
    assert client.rows() == list(range(1, 3001))
