"""What the service takes, and how it refuses."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.kafka.publishing import InMemoryPublisher

URL = "https://example.com/films/street%20one.mp4"


def test_start_answers_at_once_with_the_place_to_ask(client: TestClient, services: Services) -> None:
    answer = client.post(
        "/analysis/start", json={"videoURL": URL, "frameStep": "10", "modelsToRun": ["faces_detection"]}
    )
    assert answer.status_code == 202
    video = answer.json()
    assert answer.headers["location"] == video["status_url"] == f"/analysis/{video['video_id']}"
    assert (video["status"], video["frame_step"], video["video_name"]) == ("pending", 10, "street one.mp4")
    assert video["models_to_run"] == [{"name": "faces_detection", "min_confidence": None, "max_batch_size": None}]
    assert video["frames"] == {"expected": None, "published": 0, "done": 0, "failed": 0, "dropped": 0}
    assert client.get(video["status_url"]).json()["video_id"] == video["video_id"]
    assert isinstance(services.publisher, InMemoryPublisher)
    assert [str(i) for i in services.publisher.woken] == [video["video_id"]]


def test_options_reach_the_video(client: TestClient) -> None:
    body = {
        "video_url": URL,
        "models_to_run": [{"name": "objects_detection", "minConfidence": 0.6, "max_batch_size": 4}],
        "sampleSeconds": 2.5,
        "startTime": 1,
        "endTime": 9,
        "tags": ["b", "a"],
        "externalId": "x-1",
    }
    video = client.post("/analysis/start", json=body).json()
    assert video["models_to_run"] == [{"name": "objects_detection", "min_confidence": 0.6, "max_batch_size": 4}]
    assert (video["frame_step"], video["sample_seconds"], video["end_time"]) == (None, 2.5, 9)
    assert (video["tags"], video["external_id"]) == (["a", "b"], "x-1")


def test_all_tasks_and_every_frame_by_default(client: TestClient) -> None:
    video = client.post("/analysis/start", json={"videoURL": URL}).json()
    assert len(video["models_to_run"]) == 4
    assert video["frame_step"] == 1


def test_a_password_is_never_shown(client: TestClient) -> None:
    video = client.post("/analysis/start", json={"videoURL": "https://me:secret@example.com/a.mp4"}).json()
    assert "secret" not in str(video)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"videoURL": "file:///etc/passwd"}, "#/"),
        ({"videoURL": "https://"}, "#/"),
        ({"videoURL": "http://[::1"}, "#/"),
        ({"videoURL": "https://example.com/a b.mp4"}, "#/"),
        ({"videoURL": 7}, "#/videoURL"),
        ({"frameStep": 0}, "#/frameStep"),
        ({"frameStep": "often"}, "#/frameStep"),
        ({"frameStep": 2, "sampleSeconds": 1}, "#/"),
        ({"frameRatio": 1.5}, "#/frameRatio"),
        ({"startTime": 9, "endTime": 3}, "#/"),
        ({"modelsToRun": ["dogs"]}, "#/modelsToRun/0"),
        ({"modelsToRun": []}, "#/modelsToRun"),
        ({"modelsToRun": ["faces_detection", "faces_detection"]}, "#/"),
        ({"modelsToRun": [{"name": "faces_detection", "minConfidence": 2}]}, "#/modelsToRun/0"),
        ({"surprise": 1}, "#/surprise"),
        ({"tags": [""]}, "#/tags/0"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, change: dict[str, Any], pointer: str) -> None:
    answer = client.post("/analysis/start", json={"videoURL": URL, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "invalid-request"
    assert any(e["pointer"].startswith(pointer) for e in problem["errors"]), problem
    assert problem["instance"] == "/analysis/start"


def test_broken_json_is_a_problem(client: TestClient) -> None:
    answer = client.post("/analysis/start", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_the_queue_has_a_limit(client: TestClient) -> None:
    for _ in range(3):
        assert client.post("/analysis/start", json={"videoURL": URL}).status_code == 202
    answer = client.post("/analysis/start", json={"videoURL": URL})
    assert (answer.status_code, answer.json()["type"]) == (429, "queue-full")
    assert int(answer.headers["retry-after"]) >= 1


def test_upload_keeps_the_file_for_ingest(client: TestClient, services: Services) -> None:
    form = {"modelsToRun": '["faces_detection", {"name": "color_detection", "minConfidence": 0.2}]', "frameStep": "3"}
    answer = client.post("/analysis/upload", data=form, files={"file": ("../../me.mp4", b"video bytes")})
    assert answer.status_code == 202, answer.text
    video = answer.json()
    assert (video["video_name"], video["source"], video["video_url"]) == ("me.mp4", "upload", None)
    assert (video["frame_step"], len(video["models_to_run"])) == (3, 2)
    folder = services.sources_dir / video["video_id"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"source": b"video bytes"}


def test_upload_takes_lists_with_commas(client: TestClient) -> None:
    form = {"modelsToRun": "faces_detection, color_detection", "tags": "a,b"}
    video = client.post("/analysis/upload", data=form, files={"file": ("a.mp4", b"x")}).json()
    assert ([t["name"] for t in video["models_to_run"]], video["tags"]) == (
        ["faces_detection", "color_detection"],
        ["a", "b"],
    )


@pytest.mark.parametrize("form", [{"frameStep": "0"}, {"nonsense": "1"}, {"modelsToRun": "dogs"}])
def test_upload_names_a_wrong_field(client: TestClient, services: Services, form: dict[str, str]) -> None:
    answer = client.post("/analysis/upload", data=form, files={"file": ("a.mp4", b"x")})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"][:4]) == (422, "#/" + next(iter(form))[:2])
    assert not services.sources_dir.exists()


def test_upload_needs_a_file(client: TestClient) -> None:
    assert client.post("/analysis/upload", data={"frameStep": "1"}).status_code == 422


def test_upload_has_a_limit(client: TestClient) -> None:
    answer = client.post("/analysis/upload", files={"file": ("a.mp4", b"x" * 100_001)})
    assert (answer.status_code, answer.json()["type"]) == (413, "source-too-large")


def test_a_body_without_length_has_the_same_limit(client: TestClient) -> None:
    def endless() -> Any:
        for _ in range(300):
            yield b"x" * 10_000

    answer = client.post("/analysis/start", content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "source-too-large")
