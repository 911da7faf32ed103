"""The page of metrics is there whatever the servers do."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import measuring
from api.app import create_app
from api.measuring import MetricsPage, Values, questions
from api.questions import Question
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings, PathSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.observing import metrics
from stack.ports import free_ports
from tests.unit.factories import a_video


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set at the end, for those who wait."""
    event = threading.Event()
    yield event
    event.set()


def page(services: Services, **asked: Callable[[], Values]) -> str:
    found = MetricsPage({name: Question(ask, 60) for name, ask in asked.items()})
    answer = TestClient(create_app(services, page=found), base_url="http://127.0.0.1").get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return str(answer.text)


def test_what_was_counted_here_is_shown(services: Services) -> None:
    metrics.frames("dropped", 3)
    assert 'framewise_frames_total{stage="dropped"}' in page(services)


def test_a_server_that_hangs_or_fails_leaves_its_values_out(
    services: Services, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "WAIT_SECONDS", 0.3)

    def hangs() -> Values:
        ended.wait(20)
        return {"frames": 1}

    def fails() -> Values:
        raise StoreUnavailable("away")

    began = time.monotonic()
    text = page(
        services,
        framewise_topic_bytes=hangs,
        framewise_videos_open=fails,
        framewise_topic_waiting_records=lambda: {"frames": 7},
    )
    assert time.monotonic() - began < 10
    assert 'framewise_topic_waiting_records{topic="frames"} 7.0' in text
    assert "framewise_topic_bytes" not in text
    assert "framewise_videos_open" not in text


def test_servers_are_not_asked_at_every_look(services: Services) -> None:
    asked: list[int] = []

    def count() -> Values:
        asked.append(1)
        return {"pending": 1}

    client = TestClient(
        create_app(services, page=MetricsPage({"framewise_videos_open": Question(count, 60)})),
        base_url="http://127.0.0.1",
    )
    for _ in range(5):
        assert 'framewise_videos_open{status="pending"} 1.0' in client.get("/metrics").text
    assert asked == [1]


def test_the_queue_is_counted_by_state(services: Services, tmp_path: Path) -> None:
    for status in (VideoStatus.PENDING, VideoStatus.PENDING, VideoStatus.PROCESSING):
        services.videos.create(video := a_video())
        if status is VideoStatus.PROCESSING:
            services.videos.transition(video.video_id, status)
    nobody = KafkaSettings(kafka_bootstrap=f"127.0.0.1:{free_ports(1)[0]}")
    asked = questions(nobody, PathSettings(data_dir=tmp_path), services.queue)
    assert asked["framewise_videos_open"].answer().result(5) == {"pending": 2, "processing": 1}
    for name in ("framewise_topic_waiting_records", "framewise_topic_bytes"):
        with pytest.raises(StoreUnavailable):
            asked[name].answer().result(10)


def test_unknown_parameters_are_refused(client: TestClient) -> None:
    assert client.get("/metrics?name[]=x").status_code == 422
