"""Where the newest row of a video stands."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.events.hub import EventHub
from api.events.newest import newest_place
from api.services import Services
from pipeline.contracts.videos import VideoStatus
from tests.unit.api.conftest import services  # noqa: F401 - the fixture
from tests.unit.api.events.listening import TASKS, World, parsed


@pytest.fixture
def world(services: Services) -> Iterator[World]:  # noqa: F811
    found = World(replace(services, events=EventHub(1)))
    yield found
    found.services.events.close()


def test_there_is_no_place_without_rows_and_else_it_is_behind_the_last_frame(world: World) -> None:
    assert newest_place(world.services.results, world.video) is None
    world.sample(1, 2, 1500)
    world.finish(1, 2)
    place = newest_place(world.services.results, world.video)
    assert place is not None
    assert (place.frame_number, place.attempt_timestamp) == (2, world.video.attempt_timestamp)
    world.finish(1500)
    place = newest_place(world.services.results, world.video)
    assert place is not None
    assert place.frame_number == 1500
    assert place.task >= max(TASKS)


def test_events_begin_behind_it_unless_an_id_says_where(world: World) -> None:
    world.sample(1, 2)
    world.finish(1, 2)
    world.become(VideoStatus.COMPLETED)
    http = TestClient(create_app(world.services), base_url="http://127.0.0.1")
    path = f"/analysis/{world.video.video_id}/events"
    every = parsed(http.get(path).text)
    newest = parsed(http.get(path, params={"newest": True}).text)
    assert [event.kind for event in newest] == ["state"]
    behind = http.get(path, params={"newest": True}, headers={"Last-Event-ID": every[0].id or ""})
    assert len(parsed(behind.text)) == len(every) - 1
