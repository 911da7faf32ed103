"""What the server puts into the page of one video."""

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.events.cursor import parse_id
from api.services import Services
from pipeline.contracts.errors import Problem
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.keys import Scope
from pipeline.stores.rows import RowPlace
from tests.unit.api.pages.test_sign_in import LOOKS, Browser
from tests.unit.api.test_summary import frame, save, stored
from tests.unit.factories import a_video


def shown(client: TestClient, video: Video) -> str:
    """The page."""
    answer = client.get(f"/videos/{video.video_id}")
    assert answer.status_code == 200, answer.text
    page: str = answer.text
    return page


def told(page: str, name: str) -> str:
    """What the page tells its script."""
    found: list[str] = re.findall(rf'data-{name}="([^"]*)"', page)
    assert len(found) == 1
    return html.unescape(found[0])


def test_the_page_carries_the_video_as_the_api_answers_it(client: TestClient, services: Services) -> None:
    video = stored(services, *(frame(n, "dog") for n in (11, 21, 1501)))
    page = shown(client, video)
    answered: dict[str, Any] = client.get(f"/analysis/{video.video_id}").json()
    carried = json.loads(told(page, "video"))
    assert {name: carried[name] for name in ("video_id", "status", "frames", "status_url")} == {
        name: answered[name] for name in ("video_id", "status", "frames", "status_url")
    }
    assert carried.keys() == answered.keys()
    assert json.loads(told(page, "span")) == {"first": 1.0, "last": 150.0}


def test_a_name_is_a_text(client: TestClient, services: Services) -> None:
    video = replace(a_video(), video_name='<script>alert("1")</script>')
    services.videos.create(video)
    page = shown(client, video)
    assert "<script>alert" not in page
    assert json.loads(told(page, "video"))["video_name"] == video.video_name


@pytest.mark.parametrize(("last", "behind"), [(None, None), (1000, None), (2000, None), (2001, 1000), (99_999, 98_000)])
def test_events_are_followed_from_a_little_before_the_newest(
    client: TestClient, services: Services, last: int | None, behind: int | None
) -> None:
    video = stored(services)
    if last:
        save(services, video, frame(1, "dog"), frame(last, "dog"))
    path, _, last_id = told(shown(client, video), "events").partition("?last_event_id=")
    assert path == f"/analysis/{video.video_id}/events"
    place = parse_id(last_id, video).row if last_id else None
    assert place == (RowPlace(behind, "objects_detection") if behind else None)


def test_what_is_not_kept_is_not_offered(client: TestClient, services: Services) -> None:
    video = replace(a_video(), store_frames=StoreFrames.NONE)
    services.videos.create(video)
    page = shown(client, video)
    assert "As a film" not in page
    assert "Save as MP4" not in page


@pytest.mark.parametrize(("task", "hidden"), [(TaskName.OBJECTS, False), (TaskName.COLORS, True)])
def test_lines_are_drawn_where_something_is_followed(
    client: TestClient, services: Services, task: TaskName, hidden: bool
) -> None:
    video = replace(a_video(), tasks=(TaskRequest(task),))
    services.videos.create(video)
    assert ('id="drawn" aria-labelledby="drawn-title" hidden' in shown(client, video)) is hidden
    assert ("Lines and zones" in client.get(f"/live/{video.video_id}").text) is not hidden


def test_who_may_only_look_is_offered_no_changes(services: Services) -> None:
    video = replace(a_video(), key_id=None)
    services.videos.create(video)
    browser = Browser(services)
    browser.sign_in(Scope.READ)
    people = browser.client.get("/identities", headers=LOOKS)
    assert (people.status_code, "Collections" in people.text) == (200, True)
    for offered in ("New collection", "Add a person", "Forget by a photo", "search-photo"):
        assert offered not in people.text
    assert "Draw a line" not in browser.client.get(f"/videos/{video.video_id}", headers=LOOKS).text


def test_why_it_failed_is_there_without_scripts(client: TestClient, services: Services) -> None:
    video = stored(services)
    problem = Problem("stalled", "The analysis stalled", "no frame came for <60 s")
    services.videos.transition(video.video_id, VideoStatus.FAILED, problem)
    page = shown(client, video)
    assert 'data-state="failed"' in page
    assert "<strong>The analysis stalled:</strong> no frame came for &lt;60 s" in page


@pytest.mark.parametrize("name", ["00000000-0000-0000-0000-000000000404", "x"])
def test_what_is_not_there_is_said_in_words(client: TestClient, name: str) -> None:
    answer = client.get(f"/videos/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such video" in answer.text


def test_anothers_video_is_as_if_it_were_not_there(services: Services) -> None:
    video = replace(a_video(), key_id="somebody-else", video_name="Secret street")
    services.videos.create(video)
    browser = Browser(services)
    browser.sign_in(Scope.READ)
    answer = browser.client.get(f"/videos/{video.video_id}", headers=LOOKS)
    assert answer.status_code == 404
    assert f"there is no video {video.video_id}" in answer.text
    assert "Secret" not in answer.text
