"""Who is let in: keys, their scopes, whose videos they see, and how many they may have."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

import api.routes
from api.app import create_app
from api.gate import NEEDS_NO_KEY
from api.keys import commands
from api.keys.ring import KeyRing
from api.services import Services
from pipeline.contracts.settings import ApiSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.stores.keys import InMemoryKeyStore, Scope
from tests.unit.factories import a_video

URL = "https://example.com/a.mp4"
ID_PARAMETER = re.compile(r"\{(\w*_id)\}")


class Keys:
    """A service that needs keys, with some of them."""

    def __init__(self, services: Services) -> None:
        self.store = InMemoryKeyStore()
        app = create_app(services, loopback_only=False, keys=KeyRing(self.store))
        self._client = TestClient(app, base_url="http://videos.example", raise_server_exceptions=False)
        self.services = services

    def make(self, *scopes: Scope, rate: int | None = None, videos: int | None = None) -> TestClient:
        """A client that sends a new key."""
        sent = commands.create(self.store, "somebody", scopes, rate, videos)
        client = TestClient(self._client.app, base_url="http://videos.example", raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {sent}"
        client.headers["X-Test-Id"] = sent.split("_")[1]
        return client

    @property
    def nobody(self) -> TestClient:
        """A client without a key."""
        return self._client

    def video(self, client: TestClient, status: VideoStatus = VideoStatus.PENDING) -> UUID:
        """A video that this client's key has submitted."""
        video = replace(a_video(status=status), key_id=client.headers["X-Test-Id"])
        self.services.videos.create(video)
        return video.video_id


@pytest.fixture
def keys(services: Services) -> Keys:
    return Keys(services)


def routes() -> list[APIRoute]:
    """Every operation of every module of routes, so that a new one cannot be forgotten here."""
    modules = [importlib.import_module(f"api.routes.{m.name}") for m in pkgutil.iter_modules(api.routes.__path__)]
    return [route for module in modules for route in module.router.routes if isinstance(route, APIRoute)]


def calls() -> Iterator[tuple[str, str, str]]:
    """Method, path and the name of one parameter that is the id of a video, for each that there is."""
    for route in routes():
        for method in sorted(route.methods or ()):
            for name in ID_PARAMETER.findall(route.path):
                if name not in ("delivery_id", "track_id"):
                    yield method, route.path, name


def test_there_are_routes_of_videos() -> None:
    assert ("GET", "/analysis/{video_id}", "video_id") in calls()
    assert ("GET", "/analysis/{video_id}/compare/{other_id}", "other_id") in calls()
    assert len(list(calls())) >= 12


@pytest.mark.parametrize(("method", "path", "name"), list(calls()))
def test_a_foreign_video_is_not_there(keys: Keys, method: str, path: str, name: str) -> None:
    owner, other = keys.make(Scope.READ, Scope.SUBMIT), keys.make(Scope.READ, Scope.SUBMIT)
    theirs, mine = keys.video(owner), keys.video(other)
    before = keys.services.videos.get(theirs)

    def asked(client: TestClient, video_id: UUID) -> tuple[int, str]:
        filled = path.replace(f"{{{name}}}", str(video_id)).replace("{frame_number}", "1")
        answer = client.request(method, ID_PARAMETER.sub(str(mine), filled), json={} if method == "POST" else None)
        return answer.status_code, answer.text.replace(str(video_id), "ID")

    foreign = asked(other, theirs)
    assert foreign[0] == 404
    assert re.sub(r'"(instance|request_id)":"[^"]*"', "", foreign[1]) == re.sub(
        r'"(instance|request_id)":"[^"]*"', "", asked(other, uuid4())[1]
    )
    assert asked(keys.nobody, theirs)[0] == 401
    assert keys.services.videos.get(theirs) == before


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.operation_id)
def test_every_operation_needs_a_key(keys: Keys, route: APIRoute) -> None:
    path = route.path.replace("{frame_number}", "1")
    for method in route.methods or ():
        answer = keys.nobody.request(method, ID_PARAMETER.sub(str(uuid4()), path))
        if path in NEEDS_NO_KEY:
            assert answer.status_code in (200, 503)
        else:
            assert (answer.status_code, answer.json()["type"]) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.operation_id)
def test_reading_and_submitting_are_scopes(keys: Keys, route: APIRoute) -> None:
    path = ID_PARAMETER.sub(str(uuid4()), route.path.replace("{frame_number}", "1"))
    for method in route.methods or ():
        wanted, unwanted = (Scope.READ, Scope.SUBMIT) if method == "GET" else (Scope.SUBMIT, Scope.READ)
        if path in NEEDS_NO_KEY:
            continue
        refused = keys.make(unwanted).request(method, path)
        assert (refused.status_code, refused.json()["type"]) == (403, "forbidden")
        assert wanted in refused.json()["detail"]
        if not path.endswith("/events"):
            assert keys.make(wanted).request(method, path).status_code not in (401, 403)


def test_a_key_may_come_in_either_header(keys: Keys) -> None:
    sent = keys.make(Scope.READ).headers["Authorization"].removeprefix("Bearer ")
    for headers in ({"Authorization": f"bearer {sent}"}, {"X-API-Key": sent}):
        assert keys.nobody.get("/models", headers=headers).status_code == 200
    for headers in ({"Authorization": sent}, {"X-API-Key": sent[:-1]}, {"Authorization": "Bearer "}):
        assert keys.nobody.get("/models", headers=headers).status_code == 401


def test_listings_show_ones_own(keys: Keys) -> None:
    me, other, admin = keys.make(Scope.READ), keys.make(Scope.READ), keys.make(Scope.ADMIN)
    for status in (VideoStatus.PENDING, VideoStatus.PROCESSING, VideoStatus.COMPLETED):
        mine, theirs = keys.video(me), keys.video(other)
        for video_id in (mine, theirs):
            if status is not VideoStatus.PENDING:
                keys.services.videos.transition(video_id, VideoStatus.PROCESSING)
            if status is VideoStatus.COMPLETED:
                keys.services.videos.transition(video_id, VideoStatus.COMPLETED)
        path = f"/analysis/videos?status={status}"
        assert [v["video_id"] for v in me.get(path).json()["items"]] == [str(mine)]
        assert {v["video_id"] for v in admin.get(path).json()["items"]} == {str(mine), str(theirs)}


def test_a_submission_belongs_to_its_key(keys: Keys) -> None:
    me = keys.make(Scope.READ, Scope.SUBMIT)
    video_id = me.post("/analysis/start", json={"videoURL": URL}).json()["video_id"]
    upload = me.post("/analysis/upload", files={"file": ("a.mp4", b"x")}).json()["video_id"]
    for known in (video_id, upload):
        video = keys.services.videos.get(UUID(known))
        assert video is not None
        assert video.key_id == me.headers["X-Test-Id"]
        assert me.get(f"/analysis/{known}").status_code == 200


def test_a_key_has_its_share_of_the_queue(keys: Keys) -> None:
    me, other = keys.make(Scope.SUBMIT, videos=1), keys.make(Scope.SUBMIT)
    assert me.post("/analysis/start", json={"videoURL": URL}).status_code == 202
    full = me.post("/analysis/start", json={"videoURL": URL})
    assert (full.status_code, full.json()["type"]) == (429, "queue-full")
    assert int(full.headers["retry-after"]) >= 1
    assert other.post("/analysis/start", json={"videoURL": URL}).status_code == 202


def test_who_asks_too_often_is_refused(keys: Keys) -> None:
    me = keys.make(Scope.READ, rate=2)
    assert [me.get("/models").status_code for _ in range(3)] == [200, 200, 429]
    assert int(me.get("/models").headers["retry-after"]) > 30


def test_a_stranger_learns_whether_it_is_ready_and_no_more(keys: Keys) -> None:
    assert "broker" not in keys.nobody.get("/readyz").text
    assert "1 broker" in keys.make(Scope.READ).get("/readyz").text


def test_without_a_ring_nobody_needs_a_key(client: TestClient) -> None:
    assert client.get("/models").status_code == 200
    assert client.get("/models", headers={"X-API-Key": "anything"}).status_code == 200


def test_the_document_names_both_ways(keys: Keys) -> None:
    document = keys.nobody.get("/openapi.json").json()
    assert document["components"]["securitySchemes"].keys() == {"bearer", "header"}
    assert document["security"] == [{"bearer": []}, {"header": []}, {}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    for status in ("401", "403", "429"):
        assert status in document["paths"]["/analysis/{video_id}"]["get"]["responses"]


@pytest.mark.parametrize(
    ("settings", "required", "local"),
    [
        ({}, False, True),
        ({"api_host": "0.0.0.0"}, True, False),
        ({"api_host": "0.0.0.0", "api_open": True}, False, False),
        ({"api_host": "0.0.0.0", "api_open": True, "api_local": True}, False, True),
        ({"api_host": "0.0.0.0", "api_open": True, "api_keys": "required"}, True, False),
        ({"api_keys": "required"}, True, False),
        ({"api_host": "0.0.0.0", "api_keys": "off"}, False, False),
    ],
)
def test_keys_are_needed_beyond_loopback(settings: dict[str, object], required: bool, local: bool) -> None:
    read = ApiSettings.model_validate(settings)
    assert (read.keys_required, read.is_local) == (required, local)
