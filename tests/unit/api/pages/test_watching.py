"""What the server puts into the pages of live streams, insights and the system."""

import json
from dataclasses import replace
from html import unescape
from uuid import uuid4

from fastapi.testclient import TestClient

from api.services import Services
from api.trends.looks import DARK, LIGHT
from pipeline.contracts.videos import SourceKind, VideoStatus
from tests.unit.api.trends.conftest import Seen, seen, sight
from tests.unit.api.trends.test_insights import DAY, MONDAY
from tests.unit.factories import a_video, analyzed

__all__ = ["seen"]


def test_a_streams_page_follows_events_from_now_on(client: TestClient, services: Services) -> None:
    video = replace(a_video(), source=SourceKind.STREAM, video_name="<b>Yard</b>")
    services.videos.create(video)
    services.videos.transition(video.video_id, VideoStatus.PROCESSING)
    page = client.get(f"/live/{video.video_id}")
    assert f'data-events="/analysis/{video.video_id}/events?previews=true"' in page.text
    assert "<b>Yard" not in page.text
    services.results.save([analyzed(video.video_id, n) for n in (7, 1007, 1003)], {video.video_id: 1})
    text = unescape(client.get(f"/live/{video.video_id}").text)
    place = f"{video.video_id.hex[:8]}-{video.attempt_timestamp}-1007-objects_detection"
    assert f"events?previews=true&last_event_id={place}" in text


def test_a_stream_that_is_not_there_has_a_page_that_says_so(client: TestClient) -> None:
    for name in (uuid4(), "nonsense"):
        page = client.get(f"/live/{name}")
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert str(name) in page.text


def test_scripts_come_from_here_alone(client: TestClient) -> None:
    for path in ("/live", "/insights", "/system"):
        page = client.get(path)
        assert page.status_code == 200
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assert f'<a href="{path}" aria-current="page">' in page.text


def test_only_insights_asks_for_bokeh_and_without_waiting(client: TestClient) -> None:
    asked = {path: "vendor/bokeh.min.js" in client.get(path).text for path in ("/live", "/insights", "/system")}
    assert asked == {"/live": False, "/insights": True, "/system": False}
    assert "<script defer src=" in client.get("/insights").text


def test_charts_are_in_the_pages_colours(client: TestClient, seen: Seen) -> None:
    seen(sight(0, "dog"), created_at=MONDAY)
    for dark, looks, other in (("true", DARK, LIGHT), ("false", LIGHT, DARK)):
        answer = client.get("/insights/charts", params=DAY | {"dark": dark})
        assert answer.json()["answer"]["detections"] == 1
        assert set(answer.json()["charts"]) == {"over_time", "by_label", "by_camera", "by_weekday_and_hour"}
        drawn = json.dumps(answer.json()["charts"])
        assert (looks.text in drawn, other.text in drawn) == (True, False)


def test_nothing_found_is_no_charts_and_nonsense_is_refused(client: TestClient) -> None:
    assert client.get("/insights/charts", params=DAY).json()["charts"] == {}
    assert client.get("/insights/charts", params=DAY | {"x": 1}).status_code == 422
