"""The search over all videos."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.insights import searching
from api.services import Services
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video
from pipeline.stores.search import SearchEntry
from tests.unit.factories import T0, a_video

OBJECTS, COLORS = TaskName.OBJECTS, TaskName.COLORS


def indexed(services: Services, days: float, *labels: str, confidence: float = 0.5, **changes: Any) -> Video:
    """A video submitted so many days after T0, with these labels."""
    video = replace(a_video(created_at=T0 + timedelta(days=days)), **changes)
    services.videos.create(video)
    entries = [
        SearchEntry(
            video.video_id,
            video.created_at,
            COLORS if label.startswith("#") else OBJECTS,
            label,
            "yolox_nano",
            3,
            0.5,
            2.0,
            confidence,
        )
        for label in labels
    ]
    services.search.replace(video.video_id, entries, 1)
    return video


def search(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor = None
    for _ in range(100):
        answer = client.get("/search", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= params.get("limit", 20)
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items
    raise AssertionError("the pages do not end")


def test_newest_videos_come_first_by_pages(client: TestClient, services: Services) -> None:
    videos = [indexed(services, day, "dog", "cat") for day in range(7)]
    found = search(client, label="dog", limit=2)
    assert [UUID(item["video_id"]) for item in found] == [video.video_id for video in reversed(videos)]
    assert found[0] == {
        "video_id": str(videos[-1].video_id),
        "video_name": "a.mp4",
        "status": "pending",
        "created_at": "2026-01-08T03:04:05Z",
        "task": "objects_detection",
        "model": "yolox_nano",
        "label": "dog",
        "frames": 3,
        "first_media_time": 0.5,
        "last_media_time": 2.0,
        "max_confidence": 0.5,
        "results_url": f"/analysis/{videos[-1].video_id}/results?task=objects_detection&model=yolox_nano&label=dog",
    }
    assert len(search(client, limit=3)) == 14
    assert client.get(found[0]["results_url"]).status_code == 200


@pytest.mark.parametrize(
    ("params", "days"),
    [
        ({"label": "dog"}, [3, 2, 1]),
        ({"label": "horse"}, []),
        ({"label": "#fe0101"}, [4]),
        ({"task": "color_detection"}, [4]),
        ({"task": ["objects_detection", "color_detection"]}, [4, 3, 2, 1]),
        ({"model": "yolox_nano", "label": "dog"}, [3, 2, 1]),
        ({"model": "other"}, []),
        ({"min_confidence": 0.6}, [3]),
        ({"tag": "a"}, [2]),
        ({"from": (T0 + timedelta(days=2)).isoformat(), "label": "dog"}, [3, 2]),
        ({"to": "2026-01-04T03:04:05", "label": "dog"}, [2, 1]),
        ({"from": "2026-01-05", "to": "2026-01-01"}, []),
    ],
)
def test_filters(client: TestClient, services: Services, params: dict[str, Any], days: list[int]) -> None:
    indexed(services, 1, "dog")
    indexed(services, 2, "dog", tags=frozenset("ab"))
    indexed(services, 3, "dog", confidence=0.7)
    indexed(services, 4, "#ff0000")
    found = search(client, **params)
    assert [item["created_at"][:10] for item in found] == [f"2026-01-{2 + day:02}" for day in days]


def test_what_is_left_of_a_deleted_video_is_not_shown(client: TestClient, services: Services) -> None:
    kept, gone = indexed(services, 1, "dog"), indexed(services, 2, "dog")
    services.videos._videos.pop(gone.video_id)  # type: ignore[attr-defined]
    assert [item["video_id"] for item in search(client, limit=1)] == [str(kept.video_id)]
    assert [entry.video_id for entry in services.search.find()] == [kept.video_id]


def test_a_page_that_has_looked_at_much_says_where_to_go_on(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 3)
    for day in range(10):
        indexed(services, day, "dog", confidence=0.9 if day in (0, 8) else 0.1)
    page = client.get("/search", params={"min_confidence": 0.5}).json()
    assert (len(page["items"]), page["next_cursor"] is None) == (1, False)
    assert len(search(client, min_confidence=0.5)) == 2


@pytest.mark.parametrize(
    "params",
    [
        {"x": 1},
        {"from": "yesterday"},
        {"from": "0001-01-01T00:00:00+23:00"},
        {"to": "9999-12-31T23:59:59-23:00"},
        {"limit": 101},
        {"label": ""},
        {"cursor": "abc"},
    ],
)
def test_what_is_no_question_is_refused(client: TestClient, params: dict[str, Any]) -> None:
    answer = client.get("/search", params=params)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")


def test_a_cursor_belongs_to_its_question(client: TestClient, services: Services) -> None:
    for day in range(3):
        indexed(services, day, "dog")
    tasks = ["objects_detection", "color_detection"]
    cursor = client.get("/search", params={"limit": 1, "task": tasks}).json()["next_cursor"]
    assert client.get("/search", params={"task": tasks[::-1], "cursor": cursor}).status_code == 200
    assert client.get("/search", params={"task": tasks[:1], "cursor": cursor}).status_code == 422
