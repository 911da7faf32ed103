"""Listings of all states, by words, page after page."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api import listing
from api.services import Services
from pipeline.contracts.videos import VideoStatus
from tests.unit.factories import T0, a_video

STATES = tuple(VideoStatus)


def add(services: Services, n: int, status: VideoStatus, **more: Any) -> UUID:
    """A video that was created and, if so, has ended `n` minutes after the first."""
    at = T0 + timedelta(minutes=n)
    ended = at if status.terminal else None
    video = replace(a_video(status=status, created_at=at), video_name=f"Street {n}", finished_at=ended, **more)
    services.videos.create(video)
    return video.video_id


def pages(client: TestClient, **params: Any) -> list[list[str]]:
    """The names on each page."""
    found: list[list[str]] = []
    while True:
        page = client.get("/analysis/videos", params=params)
        assert page.status_code == 200, page.text
        found.append([video["video_name"] for video in page.json()["items"]])
        if page.json()["next_cursor"] is None:
            return found
        params["cursor"] = page.json()["next_cursor"]


def test_all_states_open_ones_first_each_newest_first(client: TestClient, services: Services) -> None:
    for n in range(10):
        add(services, n, STATES[n % 5])
    names = [name for page in pages(client, status="all", limit=3) for name in page]
    assert names == [f"Street {n}" for n in (6, 5, 1, 0, 9, 8, 7, 4, 3, 2)]
    assert pages(client, status="all", limit=10) == [names]


@pytest.mark.parametrize("status", STATES)
def test_each_state_by_pages(client: TestClient, services: Services, status: VideoStatus) -> None:
    for n in range(15):
        add(services, n, STATES[n % 5])
    mine = [f"Street {n}" for n in range(14, -1, -1) if STATES[n % 5] is status]
    assert pages(client, status=status.value, limit=2) == [mine[:2], mine[2:]]


def test_a_thousand_videos_each_once(client: TestClient, services: Services) -> None:
    for n in range(1000):
        add(services, n, STATES[n % 5])
    found = pages(client, status="all", limit=100)
    assert [len(page) for page in found] == [100] * 10
    assert len({name for page in found for name in page}) == 1000


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("street 3", ["Street 3"]),
        ("STREET", [f"Street {n}" for n in (4, 3, 2, 1, 0)]),
        ("night", ["Street 2", "Street 1"]),
        ("night 2", ["Street 2"]),
        ("cam-77", ["Street 0"]),
        ("straße", []),
        ("%", []),
    ],
)
def test_words_are_in_name_tags_or_external_id(
    client: TestClient, services: Services, search: str, found: list[str]
) -> None:
    for n in range(5):
        tags = frozenset({"Night", "gate"}) if n in (1, 2) else frozenset[str]()
        add(services, n, VideoStatus.COMPLETED, tags=tags, external_id="CAM-77" if n == 0 else None)
    assert pages(client, search=search) == [found]


def test_what_is_rare_is_found_page_by_page(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_EXAMINED", 4)
    for n in range(10):
        add(services, n, VideoStatus.COMPLETED, tags=frozenset({"rare"} if n in (0, 9) else ()))
    assert pages(client, tag="rare", limit=5) == [["Street 9"], [], ["Street 0"]]


def test_one_that_ends_meanwhile_is_listed_once(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = add(services, 1, VideoStatus.PROCESSING)
    known = services.videos.get

    def ends_after_it_was_read(asked: UUID) -> object:
        video = known(asked)
        monkeypatch.undo()
        services.videos.transition(video_id, VideoStatus.COMPLETED)
        return video

    monkeypatch.setattr(services.videos, "get", ends_after_it_was_read)
    assert pages(client, status="all") == [["Street 1"]]


def test_a_cursor_belongs_to_its_question(client: TestClient, services: Services) -> None:
    for n in range(3):
        add(services, n, VideoStatus.COMPLETED)
    cursor = client.get("/analysis/videos", params={"status": "all", "limit": 1}).json()["next_cursor"]
    for other in ({"status": "completed"}, {"status": "all", "search": "Street"}, {}):
        refused = client.get("/analysis/videos", params={**other, "limit": 1, "cursor": cursor})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "cursor")


@pytest.mark.parametrize("params", [{"status": "every"}, {"search": ""}, {"search": "x" * 201}])
def test_nonsense_is_refused(client: TestClient, params: dict[str, str]) -> None:
    assert client.get("/analysis/videos", params=params).status_code == 422
