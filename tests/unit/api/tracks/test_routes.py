"""Tracks, their pictures and the counts as the API answers them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.services import Services
from api.tracks import answers
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.contracts.videos import Video
from pipeline.pictures import decode
from tests.unit.factories import a_result, analyzed
from tests.unit.tracking.scenes import EVERYTHING, World, seen, walker
from tracking.course import Course, Stores

DOOR = {"name": "door", "points": [[0.25, 1.0], [0.25, 0.0]]}
"""Upwards through the picture, so that in is to the right."""
ZONE = {"name": "left", "points": [[0.0, 0.0], [0.25, 0.0], [0.25, 1.0], [0.0, 1.0]]}


def made(services: Services, *frames: Any, tasks: Sequence[TaskName] = (TaskName.OBJECTS,)) -> Video:
    """A completed video with its tracks; frames are made for its id."""
    world = World(services.videos, services.results, services.frames, services.tracks)  # type: ignore[arg-type]
    video = world.video(tasks)
    world.save(video, [frame(video.video_id) for frame in frames])
    world.end(video)
    course = Course(Stores(services.videos, services.results, services.frames, services.tracks), video)
    course.go_on(10**9)
    course.finish()
    return video


def walk(services: Services, frames: int = 40) -> Video:
    """Somebody who walks to the right, and a dog that sits there."""
    sits = Detection("dog", 0.8, Box(0.7, 0.7, 0.1, 0.1))
    return made(services, *(lambda v, n=n: seen(v, n, walker(n), sits) for n in range(1, frames + 1)))


def test_a_page_of_tracks(client: TestClient, services: Services) -> None:
    video = walk(services)
    page = client.get(f"/analysis/{video.video_id}/tracks").json()
    assert [(t["track_id"], t["label"], t["frames"], t["dwell_seconds"]) for t in page["items"]] == [
        ("o1-0", "person", 40, 3.9),
        ("o1-1", "dog", 40, 3.9),
    ]
    assert (page["complete"], page["through_time"], page["next_cursor"]) == (True, 3.9, None)
    first = client.get(f"/analysis/{video.video_id}/tracks", params={"limit": 1}).json()
    rest = client.get(f"/analysis/{video.video_id}/tracks", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == page["items"]
    assert rest["next_cursor"] is None
    only = client.get(f"/analysis/{video.video_id}/tracks", params={"label": "dog", "from": 3, "min_seconds": 2}).json()
    assert [t["track_id"] for t in only["items"]] == ["o1-1"]
    wrong = client.get(f"/analysis/{video.video_id}/tracks", params={"label": "x", "cursor": first["next_cursor"]})
    assert wrong.status_code == 422


def test_before_the_tracks_are_made_there_are_none(client: TestClient) -> None:
    body = {"videoURL": "https://example.com/a.mp4", "lines": [DOOR], "zones": [ZONE]}
    video_id = client.post("/analysis/start", json=body).json()["video_id"]
    page = client.get(f"/analysis/{video_id}/tracks").json()
    assert page == {"items": [], "next_cursor": None, "complete": False, "through_time": None}
    counts = client.get(f"/analysis/{video_id}/counts").json()
    assert (counts["complete"], counts["through_time"]) == (False, None)
    assert [(line["in"], line["out"], line["over_time"]) for line in counts["lines"]] == [(0, 0, [])]
    assert [zone["visits"] for zone in counts["zones"]] == [0]


def test_a_track_with_its_boxes(client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    video = walk(services)
    track = client.get(f"/analysis/{video.video_id}/tracks/o1-0").json()
    assert [p["frame_number"] for p in track["points"]] == list(range(1, 41))
    assert track["points"][4]["box"]["x"] == pytest.approx(0.1)
    assert not track["thinned"]
    monkeypatch.setattr("api.tracks.view.MOST_POINTS", 10)
    thin = client.get(f"/analysis/{video.video_id}/tracks/o1-0").json()
    assert ([p["frame_number"] for p in thin["points"]], thin["thinned"]) == (list(range(1, 41, 4)), True)
    missing = client.get(f"/analysis/{video.video_id}/tracks/o2-0")
    assert missing.status_code == 404
    assert "/tracks lists" in missing.json()["detail"]


def test_results_say_their_track(client: TestClient, services: Services) -> None:
    video = walk(services)
    rows = client.get(f"/analysis/{video.video_id}/results", params={"limit": 2}).json()["items"]
    assert [[d["track_id"] for d in row["detections"]] for row in rows] == [["o1-0", "o1-1"]] * 2
    narrowed = client.get(f"/analysis/{video.video_id}/results", params={"label": "dog", "limit": 1}).json()["items"]
    assert [d["track_id"] for d in narrowed[0]["detections"]] == ["o1-1"]
    frame = client.get(f"/analysis/{video.video_id}/frame/7/results").json()
    assert [d["track_id"] for d in frame[0]["detections"]] == ["o1-0", "o1-1"]
    whole = client.get(f"/analysis/{video.video_id}/results", params={"format": "json"}).json()["items"]
    assert {d["track_id"] for row in whole for d in row["detections"]} == {"o1-0", "o1-1"}
    assert services.results.frame(video.video_id, 7)[0].detections[0].track_id is None, "rows stay as they were"


def test_faces_of_all_tasks_say_their_track(client: TestClient, services: Services) -> None:
    ada = uuid4()

    def frame(video_id: Any, number: int) -> Any:
        box = walker(number).box
        return analyzed(
            video_id,
            number,
            a_result([Detection("face", 0.9, box)], TaskName.FACES),
            a_result([Detection("happy", 0.9, box, {"happy": 0.9})], TaskName.EMOTIONS),
            a_result([Detection("Ada", 0.6, box, person_id=ada)], TaskName.IDENTITIES),
        )

    video = made(services, *(lambda v, n=n: frame(v, n) for n in range(1, 11)), tasks=EVERYTHING)
    rows = client.get(f"/analysis/{video.video_id}/frame/5/results").json()
    assert {row["task"]: row["detections"][0]["track_id"] for row in rows} == dict.fromkeys(
        ["faces_detection", "emotions_detection", "faces_identification"], "f1-0"
    )
    for person in ("Ada", str(ada)):
        [track] = client.get(f"/analysis/{video.video_id}/tracks", params={"person": person}).json()["items"]
        assert (track["person"]["person_id"], track["emotion"]) == (str(ada), "happy")
    assert client.get(f"/analysis/{video.video_id}/tracks", params={"person": "Bob"}).json()["items"] == []


def test_the_picture_of_a_track(client: TestClient, services: Services) -> None:
    video = walk(services)
    track = client.get(f"/analysis/{video.video_id}/tracks/o1-1").json()
    path = track["picture_url"]
    assert client.get(path).status_code == 404
    assert "not stored" in client.get(path).json()["detail"]
    image = np.zeros((200, 400, 3), np.uint8)
    image[140:160, 280:320] = 255
    stored = cv2.imencode(".jpg", image)[1].tobytes()
    services.frames.put(video.video_id, track["best"]["frame_number"], stored)
    answer = client.get(path)
    assert answer.headers["content-type"] == "image/jpeg"
    shown = decode(answer.content)
    assert shown.shape == (24, 44, 3), "a little more than the box"
    assert shown.mean() > 150
    assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    refused = client.get(path, params={"blur": "faces"})
    assert refused.status_code == 409
    assert "faces_detection" in refused.json()["detail"]
    services.frames.put(video.video_id, track["best"]["frame_number"], b"no picture")
    assert client.get(path).status_code == 404


def test_faces_in_a_picture_are_hidden_if_asked(client: TestClient, services: Services) -> None:
    face = Detection("face", 0.9, Box(0.4, 0.4, 0.2, 0.2))
    tasks = (TaskName.OBJECTS, TaskName.FACES)

    def frame(video_id: Any, number: int) -> Any:
        thing = Detection("person", 0.9, Box(0.3, 0.3, 0.4, 0.6))
        return analyzed(video_id, number, a_result([thing]), a_result([face], TaskName.FACES))

    video = made(services, *(lambda v, n=n: frame(v, n) for n in range(1, 6)), tasks=tasks)
    noise = np.random.default_rng(2).integers(0, 255, (100, 100, 3), np.uint8)
    for number in range(1, 6):
        services.frames.put(video.video_id, number, cv2.imencode(".jpg", noise)[1].tobytes())
    plain, hidden = (client.get(f"/analysis/{video.video_id}/tracks/o1-0/picture{q}") for q in ("", "?blur=faces"))
    one, other = (decode(a.content) for a in (plain, hidden))
    assert one.shape == other.shape
    assert other[15:28, 18:28].std() < one[15:28, 18:28].std() / 3


def test_counts(client: TestClient, services: Services) -> None:
    video = walk(services)
    client.put(f"/analysis/{video.video_id}/regions", json={"lines": [DOOR], "zones": [ZONE]})
    counts = client.get(f"/analysis/{video.video_id}/counts", params={"step": 1}).json()
    [line], [zone] = counts["lines"], counts["zones"]
    assert (line["name"], line["in"], line["out"]) == ("door", 1, 0)
    assert line["by_label"] == [{"label": "person", "in": 1, "out": 0}]
    assert [w["in"] for w in line["over_time"]] == [0, 1, 0, 0]
    assert (zone["visits"], zone["tracks"], zone["inside"], zone["most_at_once"]) == (1, 1, 0, 1)
    assert zone["dwell"]["longest"] == pytest.approx(1.6, abs=0.11)
    assert [w["most"] for w in zone["over_time"]] == [1, 1, 0, 0]
    assert zone["over_time"][0]["mean"] == pytest.approx(1.0)
    assert (counts["complete"], counts["step"]) == (True, 1)
    assert client.get(f"/analysis/{video.video_id}/counts", params={"label": "dog"}).json()["lines"][0]["in"] == 0
    late = client.get(f"/analysis/{video.video_id}/counts", params={"from": 2.5, "step": 1}).json()
    assert (late["lines"][0]["in"], [w["from"] for w in late["lines"][0]["over_time"]]) == (0, [2, 3])
    wrong = client.get(f"/analysis/{video.video_id}/counts", params={"from": 2, "to": 1})
    assert wrong.status_code == 422


def test_what_is_not_followed_is_complete_once_the_video_has_ended(client: TestClient, services: Services) -> None:
    world = World(services.videos, services.results, services.frames, services.tracks)  # type: ignore[arg-type]
    video = world.video([TaskName.COLORS])

    def complete() -> set[bool]:
        return {client.get(f"/analysis/{video.video_id}/{what}").json()["complete"] for what in ("tracks", "counts")}

    assert complete() == {False}
    world.end(video)
    assert complete() == {True}


def test_counts_of_a_part_of_the_time(client: TestClient, services: Services) -> None:
    def stays(number: int) -> Any:
        return lambda v: seen(v, number, Detection("dog", 0.8, Box(0.05, 0.3, 0.1, 0.3)))

    video = made(services, *(stays(n) for n in range(1, 101)))
    client.put(f"/analysis/{video.video_id}/regions", json={"zones": [ZONE]})
    [zone] = client.get(f"/analysis/{video.video_id}/counts", params={"from": 2, "to": 5, "step": 5}).json()["zones"]
    assert [(w["from"], w["mean"]) for w in zone["over_time"]] == [(0, pytest.approx(1.0, abs=0.05))]
    assert zone["inside"] == 1


def test_a_crossing_at_the_border_of_two_times_is_counted_once(client: TestClient, services: Services) -> None:
    video = walk(services)
    client.put(f"/analysis/{video.video_id}/regions", json={"lines": [DOOR]})
    for border in (1.0, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.5):
        parts = [
            client.get(f"/analysis/{video.video_id}/counts", params=part).json()["lines"][0]["in"]
            for part in ({"to": border}, {"from": border})
        ]
        assert sum(parts) == 1, border


def test_who_has_left_the_picture_is_not_inside(client: TestClient, services: Services) -> None:
    there = Detection("dog", 0.8, Box(0.05, 0.3, 0.1, 0.3))
    video = made(services, *(lambda v, n=n: seen(v, n, *([there] if n <= 40 else [])) for n in range(1, 101)))
    client.put(f"/analysis/{video.video_id}/regions", json={"zones": [ZONE]})
    inside = {
        to: client.get(f"/analysis/{video.video_id}/counts", params={"to": to} if to else {}).json()["zones"][0][
            "inside"
        ]
        for to in (0, 3, 5, 8)
    }
    assert inside == {0: 0, 3: 1, 5: 1, 8: 0}


@pytest.mark.parametrize("name", ["from", "to", "step"])
def test_times_without_end_are_refused(client: TestClient, services: Services, name: str) -> None:
    video = walk(services)
    client.put(f"/analysis/{video.video_id}/regions", json={"zones": [ZONE]})
    for value in ("inf", "nan"):
        assert client.get(f"/analysis/{video.video_id}/counts", params={name: value}).status_code == 422


def test_a_rerun_keeps_what_was_drawn(client: TestClient, services: Services) -> None:
    video = walk(services)
    services.frames.put(video.video_id, 1, b"a picture")
    client.put(f"/analysis/{video.video_id}/regions", json={"lines": [DOOR]})
    child = client.post(f"/analysis/{video.video_id}/rerun", json={"modelsToRun": ["objects_detection"]}).json()
    assert client.get(f"/analysis/{child['video_id']}/regions").json()["lines"] == [DOOR]
    other = client.post(
        f"/analysis/{video.video_id}/rerun", json={"modelsToRun": ["objects_detection"], "lines": []}
    ).json()
    assert client.get(f"/analysis/{other['video_id']}/regions").json()["lines"] == []


@pytest.mark.parametrize("name", [n for n in vars(answers) if n.endswith("Answer") and not n.startswith("_")])
def test_the_examples_are_answers(name: str) -> None:
    body = getattr(answers, name)
    for example in body.model_json_schema(mode="serialization").get("examples", []):
        renamed = _by_name(example)
        assert body.model_validate(renamed).model_dump(mode="json", by_alias=True) == example


def _by_name(value: Any) -> Any:
    """`in` and `from` as the fields are called."""
    if isinstance(value, dict):
        return {f"{k}_" if k in ("in", "from") else k: _by_name(v) for k, v in value.items()}
    return [_by_name(v) for v in value] if isinstance(value, list) else value
