"""Webhooks of the running service on the real servers: signed, tried again, once, though processes are killed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.topics import create_topics
from tests.integration.running_api import RunningApi, running_api
from tests.unit.api.webhooks.receiving import SECRET, Receiver, receiving
from tests.waiting import wait_until

SETTINGS = {
    "FRAMEWISE_WEBHOOK_SECRET": SECRET,
    "FRAMEWISE_WEBHOOK_RETRY_SECONDS": "0.1,0.2,0.4,0.8",
    "FRAMEWISE_WEBHOOK_TIMEOUT": "1.5",
}
VIDEO_URL = "http://192.0.2.1/a.mp4"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def anew(receiver: Receiver) -> None:
    receiver.answers, receiver.slow = [204], 0.0
    receiver.came.clear()


@pytest.fixture(scope="module")
def videos(cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings) -> Iterator[CassandraVideoStore]:
    migrate(cassandra_settings)
    create_topics(kafka_settings)
    store = CassandraVideoStore(CassandraClient(cassandra_settings))
    yield store
    store.close()


@pytest.fixture(scope="module")
def apis(
    videos: CassandraVideoStore,
    receiver: Receiver,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[RunningApi]]:
    """Two processes side by side."""
    folder = tmp_path_factory.mktemp("apis")
    settings = SETTINGS | {"FRAMEWISE_ALLOWED_HOSTS": receiver.url.split("/")[2]}
    with (
        running_api(folder / "a", cassandra_settings, kafka_settings, **settings) as first,
        running_api(folder / "b", cassandra_settings, kafka_settings, **settings) as second,
    ):
        yield [first, second]


def submitted(api: RunningApi, callback: str) -> str:
    body = {"videoURL": VIDEO_URL, "callbackURL": callback}
    answer = httpx.post(f"{api.url}/analysis/start", json=body, timeout=30, trust_env=False)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["video_id"])


def deliveries(api: RunningApi, video_id: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{api.url}/analysis/{video_id}/deliveries", timeout=30, trust_env=False).raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_receiver_that_fails_three_times_gets_it_once(
    apis: list[RunningApi], videos: CassandraVideoStore, receiver: Receiver
) -> None:
    receiver.answers = [500, 503, 404, 200]
    video_id = submitted(apis[0], receiver.url)
    assert deliveries(apis[0], video_id) == []
    videos.transition(UUID(video_id), VideoStatus.CANCELLED)
    wait_until(lambda: [d["state"] for d in deliveries(apis[1], video_id)] == ["delivered"], 30)
    [delivery] = deliveries(apis[0], video_id)
    assert [a["status"] for a in delivery["attempts"]] == [500, 503, 404, 200]
    assert delivery["next_attempt_at"] is None
    assert set(receiver.ids) == {delivery["delivery_id"]}
    message = receiver.messages[-1]
    assert message["type"] == delivery["event"] == "video.cancelled"
    assert message["data"]["video_id"] == video_id
    time.sleep(3)
    assert len(receiver.came) == 4

    again = f"{apis[0].url}/analysis/{video_id}/deliveries/{delivery['delivery_id']}/redeliver"
    assert httpx.post(again, timeout=30, trust_env=False).status_code == 202
    wait_until(lambda: len(receiver.came) == 5, 20)
    assert receiver.came[-1][1] == receiver.came[0][1]


def test_states_come_in_order_and_once_from_two_processes(
    apis: list[RunningApi], videos: CassandraVideoStore, receiver: Receiver
) -> None:
    ids = [submitted(apis[n % 2], receiver.url) for n in range(6)]
    for status in (VideoStatus.PROCESSING, VideoStatus.COMPLETED):
        for video_id in ids:
            videos.transition(UUID(video_id), status)

    def told() -> list[tuple[str, str, str]]:
        """Deliveries, videos and types; what another test's video still owed may come between them."""
        came = zip(receiver.ids, receiver.messages, strict=True)
        return [(d, m["data"]["video_id"], m["type"]) for d, m in came if m["data"]["video_id"] in ids]

    wait_until(lambda: len(told()) >= 12, 40)
    time.sleep(3)
    assert len(told()) == len({delivery for delivery, _, _ in told()}) == 12
    for video_id in ids:
        types = [type_ for _, known, type_ in told() if known == video_id]
        assert types == ["video.processing", "video.completed"]


def test_addresses_inside_are_refused_when_they_are_submitted(apis: list[RunningApi]) -> None:
    for callback in ("http://10.0.0.1/", "http://localhost:1/", "http://[::1]/", "http://169.254.169.254/"):
        body = {"videoURL": VIDEO_URL, "callbackURL": callback}
        answer = httpx.post(f"{apis[0].url}/analysis/start", json=body, timeout=30, trust_env=False)
        assert answer.status_code == 422
        assert answer.json()["type"] == "callback-refused"


def test_unknown_deliveries(apis: list[RunningApi], receiver: Receiver) -> None:
    video_id, nobody = submitted(apis[0], receiver.url), "00000000-0000-4000-8000-000000000000"
    path = f"{apis[0].url}/analysis/{video_id}/deliveries/{nobody}/redeliver"
    assert httpx.post(path, timeout=30, trust_env=False).status_code == 404
    assert httpx.get(f"{apis[0].url}/analysis/{nobody}/deliveries", timeout=30, trust_env=False).status_code == 404
    httpx.delete(f"{apis[0].url}/analysis/{video_id}", timeout=30, trust_env=False).raise_for_status()


def test_one_that_is_killed_while_it_sends_is_taken_over(
    apis: list[RunningApi],
    videos: CassandraVideoStore,
    receiver: Receiver,
    cassandra_settings: CassandraSettings,
    kafka_settings: KafkaSettings,
    tmp_path: Path,
) -> None:
    """Last, since it kills both: a third process goes on."""
    receiver.slow = 1.2
    video_id = submitted(apis[0], receiver.url)
    videos.transition(UUID(video_id), VideoStatus.CANCELLED)
    wait_until(lambda: len(receiver.came) == 1, 30)
    for api in apis:
        api.process.kill()
    receiver.slow = 0
    settings = SETTINGS | {"FRAMEWISE_ALLOWED_HOSTS": receiver.url.split("/")[2]}
    with running_api(tmp_path, cassandra_settings, kafka_settings, **settings) as third:
        wait_until(lambda: [d["state"] for d in deliveries(third, video_id)] == ["delivered"], 40)
    assert set(receiver.ids) == {receiver.ids[0]}
    assert len(receiver.came) == 2
