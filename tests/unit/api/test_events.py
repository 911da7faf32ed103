"""The events of a video over HTTP: where they begin, what is refused, how many streams there may be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.events.hub import EventHub
from api.services import Services
from pipeline.contracts.videos import VideoStatus
from tests.unit.api.events.listening import TASKS, World, parsed


@pytest.fixture
def world(services: Services) -> Iterator[World]:
    found = World(replace(services, events=EventHub(1)))
    found.sample(1, 2)
    found.finish(1, 2)
    yield found
    found.services.events.close()


@pytest.fixture
def http(world: World) -> TestClient:
    return TestClient(create_app(world.services), base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def path(world: World) -> str:
    world.become(VideoStatus.COMPLETED)
    return f"/analysis/{world.video.video_id}/events"


def test_everything_until_the_end(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    events = parsed(answer.text)
    assert [e.kind for e in events] == ["result"] * 2 * len(TASKS) + ["state"]
    assert len({e.id for e in events}) == len(events)
    assert events[0].data == http.get(path.replace("events", "frame/1/results")).json()[0]
    assert events[-1].data["status"] == "completed"


@pytest.mark.parametrize("by", ["header", "parameter"])
def test_it_goes_on_behind_an_id(http: TestClient, path: str, by: str) -> None:
    every = parsed(http.get(path).text)
    for n, event in enumerate(every[:-1], start=1):
        assert event.id
        if by == "header":  # it goes before the parameter, which a browser leaves as it was
            headers, params = {"Last-Event-ID": event.id}, {"last_event_id": every[0].id}
        else:
            headers, params = {}, {"last_event_id": event.id}
        assert parsed(http.get(path, headers=headers, params=params).text) == every[n:]


def test_after_the_last_event_there_is_nothing_to_reconnect_for(http: TestClient, path: str) -> None:
    last = parsed(http.get(path).text)[-1].id or ""
    answer = http.get(path, headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": {"Last-Event-ID": "7"}},
        {"headers": {"Last-Event-ID": "00000000-1000000-ended"}},
        {"headers": {"Last-Event-ID": "x" * 5000}},
        {"params": {"last_event_id": "é"}},
        {"params": {"no_such": "1"}},
        {"params": {"previews": "perhaps"}},
    ],
)
def test_what_is_wrong_is_said(http: TestClient, path: str, request_: dict[str, dict[str, str]]) -> None:
    answer = http.get(path, headers=request_.get("headers"), params=request_.get("params"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_video(http: TestClient) -> None:
    assert http.get("/analysis/00000000-0000-4000-8000-000000000000/events").status_code == 404


def test_only_so_many_streams(http: TestClient, path: str, world: World) -> None:
    world.services.events.enter()
    answer = http.get(path)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "5"
    assert "FRAMEWISE_MAX_EVENT_STREAMS" in answer.json()["detail"]
    world.services.events.leave()
    for _ in range(3):
        assert http.get(path).status_code == 200
    assert world.services.events.streams == 0
