"""What people may draw on a video."""

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.regions import Regions, Zone

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
LINE = {"name": "door", "points": [[0.2, 0.6], [0.8, 0.6]]}
ZONE = {"name": "queue", "points": SQUARE}
BODY = {"videoURL": "https://example.com/a.mp4", "modelsToRun": ["objects_detection"]}


def test_a_submission_brings_lines_and_zones(client: TestClient, services: Services) -> None:
    answer = client.post("/analysis/start", json=BODY | {"lines": [LINE], "zones": [ZONE]})
    assert answer.status_code == 202, answer.text
    video_id = answer.json()["video_id"]
    assert client.get(f"/analysis/{video_id}/regions").json() == {"lines": [LINE], "zones": [ZONE]}
    assert [str(owed.video_id) for owed in services.tracks.owed(10)] == [video_id]


def test_they_come_with_a_file_too(client: TestClient) -> None:
    form = {"modelsToRun": "objects_detection", "lines": '[{"name": "door", "points": [[0.2, 0.6], [0.8, 0.6]]}]'}
    answer = client.post("/analysis/upload", files={"file": ("a.mp4", b"x")}, data=form)
    assert answer.status_code == 202, answer.text
    assert client.get(f"/analysis/{answer.json()['video_id']}/regions").json() == {"lines": [LINE], "zones": []}


def test_they_are_drawn_anew_in_any_state(client: TestClient, services: Services) -> None:
    video_id = client.post("/analysis/start", json=BODY | {"lines": [LINE]}).json()["video_id"]
    client.post(f"/analysis/{video_id}/cancel")
    assert client.put(f"/analysis/{video_id}/regions", json={"zones": [ZONE]}).json() == {"lines": [], "zones": [ZONE]}
    [owed] = services.tracks.owed(10)
    assert services.regions.get(owed.video_id) == Regions((), (Zone("queue", tuple(map(tuple, SQUARE))),))  # type: ignore[arg-type]


def test_a_video_without_boxes_is_owed_no_tracks(client: TestClient, services: Services) -> None:
    client.post("/analysis/start", json=BODY | {"modelsToRun": ["color_detection"]})
    assert services.tracks.owed(10) == []


def test_a_retry_owes_them_again(client: TestClient, services: Services) -> None:
    video_id = client.post("/analysis/start", json=BODY).json()["video_id"]
    client.post(f"/analysis/{video_id}/cancel")
    for owed in services.tracks.owed(10):
        services.tracks.settle(owed)
    assert client.post(f"/analysis/{video_id}/retry").status_code == 202
    assert [str(owed.video_id) for owed in services.tracks.owed(10)] == [video_id]


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ({"lines": [LINE, LINE]}, "twice"),
        ({"lines": [{"name": "a", "points": [[0.2, 0.6], [0.2, 0.6]]}]}, "no length"),
        ({"lines": [{"name": "a", "points": [[0.2, 0.6], [1.2, 0.6]]}]}, "less than or equal to 1"),
        ({"lines": [{"name": "a", "points": [[0.2, 0.6]]}]}, "required"),
        ({"zones": [{"name": "a", "points": SQUARE[:2]}]}, "at least 3"),
        ({"zones": [{"name": "a", "points": [*SQUARE, SQUARE[0]]}]}, "corner twice"),
        ({"zones": [{"name": "a", "points": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]}]}, "cross each other"),
        ({"zones": [{"name": "", "points": SQUARE}]}, "at least 1"),
        ({"circles": []}, "Extra"),
    ],
)
def test_what_is_no_line_or_zone_is_refused_with_the_reason(
    client: TestClient, regions: dict[str, object], said: str
) -> None:
    answer = client.post("/analysis/start", json=BODY | regions)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    video_id = client.post("/analysis/start", json=BODY).json()["video_id"]
    assert client.put(f"/analysis/{video_id}/regions", json=regions).status_code == 422
