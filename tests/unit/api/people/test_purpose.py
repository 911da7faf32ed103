"""Submissions: nobody is identified without a purpose, nor with a collection that nobody has made."""

from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.results import USUAL_TASKS, Identification, TaskName

URL = {"videoURL": "https://example.com/street.mp4"}


def _start(client: TestClient, **body: Any) -> Any:
    return client.post("/analysis/start", json=URL | body)


def test_nobody_is_identified_unless_it_is_asked_for(client: TestClient, services: Services) -> None:
    answer = _start(client).json()
    assert [task["name"] for task in answer["models_to_run"]] == list(USUAL_TASKS)
    assert answer["identification"] is None


def test_a_purpose_is_needed(client: TestClient) -> None:
    answer = _start(client, modelsToRun=["faces_identification"])
    assert answer.status_code == 422
    assert '"identification": {"purpose"' in answer.json()["detail"]
    assert _start(client, modelsToRun=["faces_identification"], identification={"purpose": "  "}).status_code == 422


def test_a_purpose_alone_does_nothing(client: TestClient) -> None:
    asked = {"purpose": "who is here"}
    assert _start(client, modelsToRun=["faces_detection"], identification=asked).status_code == 422


def test_the_collection_must_be_there(client: TestClient) -> None:
    asked = {"purpose": "who is here", "collections": ["default", "guests"]}
    answer = _start(client, identification=asked)
    assert answer.status_code == 422
    [wrong] = answer.json()["errors"]
    assert wrong["pointer"] == "#/identification/collections"
    assert "PUT /people/collections/guests" in wrong["detail"]


def test_what_was_asked_goes_with_the_video(client: TestClient, services: Services) -> None:
    answer = _start(client, identification={"purpose": "who is here", "search": True})
    assert answer.status_code == 202, answer.text
    assert answer.json()["identification"] == {"purpose": "who is here", "collections": ["default"], "search": True}
    video = services.videos.get(UUID(answer.json()["video_id"]))
    assert video is not None
    assert video.identification == Identification("who is here", ("default",), True)
    assert [task.name for task in video.tasks if task.identification] == [TaskName.IDENTITIES]


def test_a_form_takes_it_as_json(client: TestClient) -> None:
    form = {"modelsToRun": "faces_identification", "identification": '{"purpose": "who is here"}'}
    answer = client.post("/analysis/upload", data=form, files={"file": b"video"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["identification"]["purpose"] == "who is here"
    assert client.post("/analysis/upload", data=form | {"identification": "x"}, files={"file": b"v"}).status_code == 422
