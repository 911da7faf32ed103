"""Announcing a camera elsewhere: the video, where to publish, and what is refused."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.contracts.settings import KafkaSettings
from pipeline.contracts.videos import KeepFrames, SourceKind

BODY = {"cameraId": "door", "modelsToRun": ["objects_detection"], "keep": "all", "tags": ["house"]}


def announced(client: TestClient, **changes: Any) -> Any:
    return client.post("/analysis/camera", json=BODY | changes)


def test_a_camera_is_a_live_video_with_a_place_to_publish_to(client: TestClient, services: Services) -> None:
    answer = announced(client)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["source"], body["status"], body["video_name"], body["camera_id"]) == (
        "stream", "pending", "door", "door",
    )  # fmt: skip
    assert body["tags"] == ["camera:door", "house"]
    assert body["video_url"] is None
    assert answer.headers["Location"] == body["status_url"]
    video = services.videos.get(UUID(body["video_id"]))
    assert video is not None
    assert (video.source, video.source_url, video.keep) == (SourceKind.STREAM, "camera:door", KeepFrames.ALL)
    assert body["publish"] == {
        "bootstrap": "127.0.0.1:9092",
        "topic": "captures",
        "key": video.video_id.hex,
        "headers": {"schema": "1", "video_id": body["video_id"]},
    }


def test_cameras_are_told_the_address_that_they_can_reach(services: Services) -> None:
    kafka = KafkaSettings(kafka_advertised="broker.example:9192", topic_prefix="a-")
    client = TestClient(create_app(replace(services, kafka=kafka)), base_url="http://127.0.0.1")
    publish = announced(client).json()["publish"]
    assert (publish["bootstrap"], publish["topic"]) == ("broker.example:9192", "a-captures")


def test_announcing_again_with_the_same_key_is_the_same_camera(client: TestClient) -> None:
    first, second = (client.post("/analysis/camera", json=BODY, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (second.status_code, second.json()["publish"]) == (201, first.json()["publish"])
    other = client.post("/analysis/camera", json=BODY | {"cameraId": "gate"}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [{"cameraId": ""}, {"cameraId": "x" * 58}, {"cameraId": "a\nb"}, {"cameraId": None}, {"keep": "some"},
     {"startTime": 1}, {"videoURL": "http://example.com"}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    assert announced(client, **wrong).status_code == 422


def test_pictures_by_rest_are_not_taken_for_it(client: TestClient) -> None:
    path = announced(client).json()["status_url"]
    answer = client.post(f"{path}/frames", params={"captured_at": "2026-11-21T10:00:00Z"}, content=b"\xff\xd8")
    assert answer.status_code == 409
