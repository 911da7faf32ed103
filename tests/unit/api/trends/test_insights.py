"""What was found over all videos by wall clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.caller import Caller
from api.services import Services
from api.trends import candidates
from api.trends.question import InsightsParams
from api.trends.view import insights
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import SourceKind, Video
from pipeline.stores.keys import Scope
from tests.unit.api.trends.conftest import Seen, sight
from tests.unit.factories import T0

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY: dict[str, Any] = {"from": "2026-03-02", "to": "2026-03-03"}


def asked(client: TestClient, **params: Any) -> dict[str, Any]:
    """The answer."""
    answer = client.get("/analysis/insights", params=DAY | params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def counts(shown: dict[str, Any]) -> dict[str, int]:
    """Detections by label."""
    return {found["label"]: found["detections"] for found in shown["labels"]}


@pytest.fixture
def street(seen: Seen) -> Video:
    """A camera that ran for two hours from nine on a Monday."""
    return seen(
        sight(0, "dog", "dog", "cat"),
        sight(1800, "dog", confidence=0.8),
        sight(3600, "dog", task=TaskName.FACES),
        sight(7200, "#ff0000", task=TaskName.COLORS),
        captured=MONDAY,
        created_at=MONDAY - timedelta(minutes=5),
        tags=frozenset({"street"}),
    )


def test_live_frames_count_when_they_were_captured(client: TestClient, street: Video) -> None:
    shown = asked(client, step="hour")
    assert (shown["detections"], shown["complete"], shown["step"]) == (5, True, "hour")
    assert [(one["task"], one["label"], one["detections"], one["frames"]) for one in shown["labels"]] == [
        ("objects_detection", "dog", 3, 2),
        ("faces_detection", "dog", 1, 1),
        ("objects_detection", "cat", 1, 1),
    ]
    assert (shown["labels"][0]["first_at"], shown["labels"][0]["last_at"]) == (
        "2026-03-02T09:00:00Z",
        "2026-03-02T09:30:00Z",
    )
    assert len(shown["steps"]) == 25
    dogs = dict(zip(shown["steps"], shown["over_time"][0]["detections"], strict=True))
    assert {at: found for at, found in dogs.items() if found} == {"2026-03-02T09:00:00Z": 3}
    week = shown["by_weekday_and_hour"]
    assert (week[0][9], week[0][10], sum(map(sum, week))) == (4, 1, 5)
    assert shown["by_camera"] == [{"camera": "device:front", "videos": 1, "detections": 5}]
    assert shown["by_video"][0]["video_id"] == str(street.video_id)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"dog": 1, "cat": 1}),
        ({"label": "cat"}, {"cat": 1}),
        ({"label": ["cat", "dog"], "task": "objects_detection"}, {"dog": 3, "cat": 1}),
        ({"label": "#fe0101"}, {}),
        ({"task": "color_detection"}, {"#ff0000": 1}),
        ({"task": "color_detection", "label": "#fe0101"}, {"#ff0000": 1}),
        ({"min_confidence": 0.6}, {"dog": 1}),
        ({"model": "yolox_nano", "task": "objects_detection"}, {"dog": 3, "cat": 1}),
        ({"model": "other"}, {}),
        ({"tag": "street", "label": "cat"}, {"cat": 1}),
        ({"tag": "yard"}, {}),
        ({"live": "false"}, {}),
        ({"live": "true", "label": "cat"}, {"cat": 1}),
        ({"from": "2026-03-02T09:00:01", "task": "objects_detection"}, {"dog": 1}),
        ({"to": "2026-03-02T09:29:59", "task": "objects_detection"}, {"dog": 2, "cat": 1}),
        ({"from": "2026-03-02T09:30:00", "to": "2026-03-02T09:30:00"}, {"dog": 1}),
        ({"video_id": "0b7a3c7e-9f51-4b0e-8a55-3c1f6f0e2a11"}, {}),
    ],
)
def test_filters(client: TestClient, street: Video, params: dict[str, Any], found: dict[str, int]) -> None:
    assert counts(asked(client, **params)) == found
    assert counts(asked(client, **{"video_id": str(street.video_id)} | params)) == found


def test_a_file_counts_from_its_submission_on(client: TestClient, seen: Seen, street: Video) -> None:
    seen(sight(0, "dog"), sight(90, "dog"), created_at=MONDAY)
    shown = asked(client, **{"from": "2026-03-02T09:00", "to": "2026-03-02T09:02"}, step="minute", live="false")
    assert shown["over_time"][0]["detections"] == [1, 1, 0]
    assert shown["videos"] == {"counted": 1, "live": 0, "files": 1}
    assert asked(client)["videos"] == {"counted": 2, "live": 1, "files": 1}


def test_days_and_hours_are_those_of_the_time_zone(client: TestClient, seen: Seen) -> None:
    before, after = datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    seen(sight(0, "dog"), captured=before, created_at=before)
    seen(sight(0, "dog"), captured=after, created_at=after)
    span = {"from": "2026-03-28T23:00:00Z", "to": "2026-03-30T21:59:00Z", "step": "day"}
    berlin = asked(client, **span, timezone="Europe/Berlin")
    assert berlin["steps"] == ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]  # the day of 23 hours
    assert berlin["over_time"][0]["detections"] == [1, 1]
    assert (berlin["by_weekday_and_hour"][6][1], berlin["by_weekday_and_hour"][0][0]) == (1, 1)
    kolkata = asked(client, **span, timezone="Asia/Kolkata")
    assert (kolkata["by_weekday_and_hour"][6][6], kolkata["by_weekday_and_hour"][0][4]) == (1, 1)


def test_what_is_not_in_a_digest_yet_is_left_out_and_said(
    client: TestClient, services: Services, street: Video
) -> None:
    services.digests.remove(street.video_id, [0])
    shown = asked(client)
    assert (shown["complete"], shown["left_out"]["frames"], shown["detections"]) == (False, 1, 2)


def test_too_many_entries_are_cut_and_said(
    client: TestClient, seen: Seen, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    monkeypatch.setattr(candidates, "MOST_ENTRIES", 1)
    monkeypatch.setattr(services.queue, "queue", lambda: type("Empty", (), {"entries": []}))
    for hour in range(3):
        seen(sight(0, "dog"), created_at=MONDAY + timedelta(hours=hour))
    shown = asked(client)
    assert (shown["complete"], shown["left_out"]["videos_before"]) == (False, "2026-03-02T10:00:00Z")
    assert shown["detections"] == 1


def test_other_keys_videos_are_not_counted(services: Services, seen: Seen) -> None:
    seen(sight(0, "dog"), created_at=MONDAY, key_id="mine")
    params = InsightsParams.model_validate(DAY)
    found = [
        insights(services, Caller(key, frozenset({scope})), params).detections
        for key, scope in (("mine", Scope.READ), ("other", Scope.READ), ("boss", Scope.ADMIN))
    ]
    assert found == [1, 0, 1]


def test_a_published_stream_goes_by_its_name(client: TestClient, seen: Seen) -> None:
    for hour in (0, 1):
        at = MONDAY + timedelta(hours=hour)
        seen(sight(0, "dog"), captured=at, created_at=at, source=SourceKind.RTMP, video_name="Yard", source_url="x")
    assert asked(client)["by_camera"] == [{"camera": "Yard", "videos": 2, "detections": 2}]


def test_without_a_span_it_is_the_last_week(client: TestClient, seen: Seen) -> None:
    now = datetime.now(UTC)
    seen(sight(0, "dog"), created_at=now - timedelta(days=1))
    seen(sight(0, "dog"), created_at=T0)
    shown = client.get("/analysis/insights").json()
    assert (shown["detections"], shown["step"], len(shown["steps"])) == (1, "hour", 169)


@pytest.mark.parametrize(
    "params",
    [
        {"x": 1},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": "America"},
        {"from": "2026-03-04"},
        {"from": "9999-12-31T00:00:00", "to": "9999-12-31T23:59:59"},
        {"timezone": ""},
        {"timezone": "a\0b"},
        {"step": "minute", "from": "2026-02-27"},
        {"from": "1970-01-01"},
        {"min_confidence": 2},
        {"label": ""},
    ],
)
def test_what_is_no_question_is_refused(client: TestClient, params: dict[str, Any]) -> None:
    answer = client.get("/analysis/insights", params=DAY | params)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")
