"""RTMP endpoints over twins: the key, who may publish, and what ends a publisher."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from api.app import create_app
from api.keys.ring import KeyRing
from api.rtmp.door import RtmpDoor
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import RtmpSettings
from pipeline.contracts.videos import KeepFrames, SourceKind, VideoStatus
from pipeline.rtmp.keys import hash_of
from pipeline.rtmp.server import InMemoryRtmpServer
from pipeline.stores.keys import InMemoryKeyStore
from pipeline.stores.publishers import InMemoryPublisherStore, PublisherState

SECRET = "s" * 64
BODY = {"modelsToRun": ["objects_detection"], "frameStep": "10", "videoName": "Stage"}


@pytest.fixture
def server() -> InMemoryRtmpServer:
    return InMemoryRtmpServer()


@pytest.fixture
def services(services: Services, server: InMemoryRtmpServer) -> Services:
    return replace(services, rtmp=RtmpDoor(server, secret=SECRET, idle_seconds=0.5))


@pytest.fixture
def made(client: TestClient) -> dict[str, Any]:
    answer = client.post("/analysis/rtmp-endpoint", json=BODY)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def hook(client: TestClient, name: str, session: str, way: str = "publish", secret: str = SECRET) -> Response:
    form = {"name": name, "clientid": session, "call": way, "addr": "127.0.0.1", "app": "live"}
    url = f"/hooks/rtmp/{way}"
    answer: Response = client.post(url, params={"secret": secret}, data=form, follow_redirects=False)
    return answer


def state_of(services: Services, made: dict[str, Any]) -> PublisherState:
    state = services.rtmp.publishers.state(UUID(made["video_id"]))
    assert state is not None
    return state


def test_an_endpoint_is_what_obs_asks_for_and_the_video_waits(
    client: TestClient, services: Services, made: dict[str, Any]
) -> None:
    assert made["server"] == "rtmp://127.0.0.1:1935/live"
    assert len(bytes.fromhex(made["stream_key"])) == 16
    assert made["rtmp_endpoint"] == f"{made['server']}/{made['stream_key']}"
    video = services.videos.get(UUID(made["video_id"]))
    assert video is not None
    assert (video.status, video.source, video.keep) == (VideoStatus.PENDING, SourceKind.RTMP, KeepFrames.NEWEST)
    assert video.source_url == f"rtmp://127.0.0.1:1935/live/{video.video_id}"
    assert video.sampling.frame_step == 10
    state = state_of(services, made)
    assert state.expires_at - state.created_at == timedelta(hours=1)


def test_the_key_is_shown_once_and_only_its_hash_is_kept(
    client: TestClient, services: Services, made: dict[str, Any]
) -> None:
    key = made["stream_key"]
    assert key not in client.get(made["status_url"]).text
    assert key not in repr(services.rtmp.publishers)
    assert hash_of(key) == state_of(services, made).key_hash


def test_the_answer_is_kept_by_no_cache(client: TestClient) -> None:
    answer = client.post("/analysis/rtmp-endpoint", json=BODY)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"] == answer.json()["status_url"]


def test_the_same_idempotency_key_makes_no_second_video_and_shows_no_key(
    client: TestClient, services: Services
) -> None:
    headers = {"Idempotency-Key": "stage-1"}
    first = client.post("/analysis/rtmp-endpoint", json=BODY, headers=headers).json()
    again = client.post("/analysis/rtmp-endpoint", json=BODY, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "stream-key-shown")
    assert first["video_id"] in again.json()["detail"]
    assert len(list(services.videos.open_listings())) == 1


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"startTime": 5}, "#/"), ({"keep": "some"}, "#/keep"), ({"videoURL": "http://a"}, "#/videoURL")],
)
def test_what_a_stream_cannot_have_is_refused(client: TestClient, wrong: dict[str, Any], pointer: str) -> None:
    answer = client.post("/analysis/rtmp-endpoint", json=BODY | wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_without_the_server_the_answer_says_what_to_install(client: TestClient, server: InMemoryRtmpServer) -> None:
    server.missing = "apt install nginx libnginx-mod-rtmp"
    answer = client.post("/analysis/rtmp-endpoint", json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (503, "rtmp-unavailable")
    assert "apt install" in answer.json()["detail"]
    assert client.get("/readyz").status_code == 200


def test_the_right_key_publishes_under_the_videos_id(
    client: TestClient, services: Services, made: dict[str, Any]
) -> None:
    answer = hook(client, made["stream_key"], "3")
    assert (answer.status_code, answer.headers["Location"]) == (302, made["video_id"])
    assert state_of(services, made).connected
    assert hook(client, made["stream_key"], "3", "done").status_code == 204
    assert not state_of(services, made).connected
    assert hook(client, made["stream_key"], "4").status_code == 302


@pytest.mark.parametrize("name", ["0" * 32, "", "é\x00'"])
def test_an_unknown_key_is_refused(client: TestClient, made: dict[str, Any], name: str) -> None:
    assert hook(client, name, "3").status_code in (403, 422)
    assert hook(client, made["video_id"], "3").status_code == 403


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
def test_only_the_server_is_answered(client: TestClient, services: Services, made: dict[str, Any], secret: str) -> None:
    assert hook(client, made["stream_key"], "3", secret=secret).status_code == 403
    assert not state_of(services, made).came


def test_without_a_secret_nobody_is_answered(services: Services) -> None:
    client = TestClient(create_app(replace(services, rtmp=RtmpDoor())), base_url="http://127.0.0.1")
    assert hook(client, "a", "1", secret="").status_code == 403


def test_the_server_needs_no_api_key_and_no_host_name_of_this_machine(services: Services) -> None:
    app = create_app(services, keys=KeyRing(InMemoryKeyStore()))
    client = TestClient(app, base_url="http://api:8000")
    assert hook(client, "unknown", "1").json()["type"] == "publisher-refused"
    assert client.get("/healthz").status_code == 403


def test_a_second_publisher_is_refused_while_the_first_one_sends(
    client: TestClient, services: Services, server: InMemoryRtmpServer, made: dict[str, Any], monkeypatch: Any
) -> None:
    assert hook(client, made["stream_key"], "1").status_code == 302
    server.publish(made["video_id"], "1")
    monkeypatch.setattr("api.rtmp.admission.time.sleep", lambda seconds: server.send(made["video_id"], 100))
    answer = hook(client, made["stream_key"], "2")
    assert (answer.status_code, answer.json()["type"]) == (403, "publisher-refused")
    assert state_of(services, made).session == "1"
    assert server.dropped == []


def test_a_publisher_who_sends_nothing_makes_room(
    client: TestClient, services: Services, server: InMemoryRtmpServer, made: dict[str, Any]
) -> None:
    assert hook(client, made["stream_key"], "1").status_code == 302
    server.publish(made["video_id"], "1")
    assert hook(client, made["stream_key"], "2").status_code == 302
    assert server.dropped == [made["video_id"]]
    assert hook(client, made["stream_key"], "1", "done").status_code == 204
    assert (state_of(services, made).session, state_of(services, made).connected) == ("2", True)


def test_while_the_store_is_away_nobody_publishes(
    client: TestClient, services: Services, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(key_hash: str) -> None:
        raise StoreUnavailable("Cassandra does not answer")

    monkeypatch.setattr(services.rtmp.publishers, "by_key", away)
    assert hook(client, made["stream_key"], "1").status_code == 503


@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_ending_the_video_ends_its_publisher_and_its_key(
    client: TestClient, services: Services, server: InMemoryRtmpServer, made: dict[str, Any], way: str
) -> None:
    hook(client, made["stream_key"], "1")
    server.publish(made["video_id"], "1")
    path = made["status_url"]
    ended = client.post(f"{path}/cancel") if way == "cancel" else client.delete(path)
    assert ended.status_code in (200, 204)
    assert server.dropped == [made["video_id"]]
    assert hook(client, made["stream_key"], "2").status_code == 403
    if way == "cancel":
        again = client.post(f"{path}/retry")
        assert (again.status_code, "rtmp-endpoint" in again.json()["detail"]) == (409, True)


def test_the_key_of_a_video_that_has_ended_opens_nothing_though_nobody_revoked_it(
    client: TestClient, services: Services, made: dict[str, Any]
) -> None:
    services.videos.transition(UUID(made["video_id"]), VideoStatus.FAILED)
    assert hook(client, made["stream_key"], "1").status_code == 403
    assert not state_of(services, made).came


def test_a_key_that_was_not_used_in_time_opens_nothing(services: Services, server: InMemoryRtmpServer) -> None:
    late = replace(services, rtmp=RtmpDoor(server, InMemoryPublisherStore(), secret=SECRET, wait=timedelta(0)))
    client = TestClient(create_app(late), base_url="http://127.0.0.1")
    made = client.post("/analysis/rtmp-endpoint", json=BODY).json()
    answer = hook(client, made["stream_key"], "1")
    assert (answer.status_code, "in time" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("settings", "asked", "told"),
    [
        ({}, "example.com", "rtmp://127.0.0.1:1935/live"),
        ({"rtmp_host": "0.0.0.0"}, "studio.lan", "rtmp://studio.lan:1935/live"),
        ({"rtmp_host": "::", "rtmp_port": 1940}, "fe80::1", "rtmp://[fe80::1]:1940/live"),
        ({"rtmp_address": "live.example.com"}, "x", "rtmp://live.example.com:1935/live"),
        ({"rtmp_address": "live.example.com:443"}, "x", "rtmp://live.example.com:443/live"),
    ],
)
def test_publishers_are_told_where_they_reach_the_server(settings: dict[str, Any], asked: str, told: str) -> None:
    assert RtmpDoor(settings=RtmpSettings(**settings)).address(asked) == told
