"""The re-analysis of stored frames, as it is asked for."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.videos import Sampling, SourceKind, Video, VideoStatus
from tests.unit.factories import a_video, jpeg

COLORS = {"modelsToRun": ["color_detection"]}


def a_parent(services: Services, status: VideoStatus = VideoStatus.COMPLETED, **changed: Any) -> Video:
    """A video with one stored frame."""
    video = replace(a_video(sampling=Sampling(frame_step=10)), status=status, **changed)
    services.videos.create(video)
    services.frames.put(video.video_id, 1, jpeg())
    return video


def ask(client: TestClient, video: Video, body: object = COLORS, **headers: str) -> Any:
    return client.post(f"/analysis/{video.video_id}/rerun", json=body, headers=headers)


def kept(services: Services, answer: Any) -> Video:
    """The new video as it is stored."""
    video = services.videos.get(UUID(answer.json()["video_id"]))
    assert video is not None
    return video


def test_a_new_video_of_the_same_frames(client: TestClient, services: Services) -> None:
    parent = a_parent(services)
    answer = ask(client, parent)
    shown = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/analysis/{shown['video_id']}" != f"/analysis/{parent.video_id}"
    assert (shown["source"], shown["parent_id"], shown["status"]) == ("rerun", str(parent.video_id), "pending")
    assert (shown["video_name"], shown["frame_step"]) == ("a.mp4", 10)
    assert shown["video_url"] == "https://***@example.com/a.mp4"
    assert [task["name"] for task in shown["models_to_run"]] == ["color_detection"]
    assert client.get(shown["status_url"]).json()["parent_id"] == str(parent.video_id)


def test_options_reach_the_video(client: TestClient, services: Services) -> None:
    body = {
        "modelsToRun": [{"name": "faces_detection", "minConfidence": 0.4}],
        "videoName": "again",
        "tags": ["t"],
        "externalId": "x",
        "callbackURL": "https://example.com/told",
        "storeFrames": "none",
        "startTime": 1.5,
        "endTime": 3,
        "frameStep": "4",
    }
    video = kept(services, ask(client, a_parent(services), body))
    assert video.tasks == (TaskRequest(TaskName.FACES, 0.4),)
    assert (video.video_name, video.tags, video.external_id) == ("again", frozenset("t"), "x")
    assert (video.callback_url, video.store_frames) == ("https://example.com/told", StoreFrames.NONE)
    assert video.sampling == Sampling(frame_step=4, start_time=1.5, end_time=3)


@pytest.mark.parametrize(
    ("sampling", "source", "step"),
    [
        (Sampling(frame_step=7), SourceKind.URL, 7),
        (Sampling(frame_step=7, start_time=1), SourceKind.URL, 1),
        (Sampling(frame_step=7, start_time=1), SourceKind.RERUN, 7),
        (Sampling(frame_step=None, sample_seconds=2), SourceKind.URL, 1),
    ],
)
def test_every_stored_frame_is_taken_if_no_step_is_given(
    client: TestClient, services: Services, sampling: Sampling, source: SourceKind, step: int
) -> None:
    parent = a_parent(services, sampling=sampling, source=source)
    assert kept(services, ask(client, parent)).sampling == Sampling(frame_step=step)


def test_what_is_kept_is_as_of_the_parent(client: TestClient, services: Services) -> None:
    parent = a_parent(services, store_frames=StoreFrames.BLURRED)
    assert kept(services, ask(client, parent)).store_frames is StoreFrames.BLURRED


def test_an_upload_has_no_address_to_show(client: TestClient, services: Services) -> None:
    parent = a_parent(services, source=SourceKind.UPLOAD, source_url="upload:1")
    assert ask(client, parent).json()["video_url"] is None


@pytest.mark.parametrize("status", [VideoStatus.FAILED, VideoStatus.CANCELLED])
def test_what_is_there_of_a_video_that_did_not_complete(
    client: TestClient, services: Services, status: VideoStatus
) -> None:
    assert ask(client, a_parent(services, status)).status_code == 202


@pytest.mark.parametrize("status", [VideoStatus.PENDING, VideoStatus.PROCESSING])
def test_a_video_that_has_not_ended_is_not_run_again(
    client: TestClient, services: Services, status: VideoStatus
) -> None:
    answer = ask(client, a_parent(services, status))
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert f"is {status}" in answer.json()["detail"]


def test_without_stored_frames_there_is_nothing_to_run(client: TestClient, services: Services) -> None:
    none, cleared = a_parent(services, store_frames=StoreFrames.NONE), a_parent(services)
    services.frames.delete_video(cleared.video_id)
    for parent, said in ((none, "storeFrames none"), (cleared, "no stored frames")):
        answer = ask(client, parent)
        assert (answer.status_code, answer.json()["type"]) == (409, "nothing-stored")
        assert said in answer.json()["detail"]


def test_an_unknown_video(client: TestClient) -> None:
    assert client.post(f"/analysis/{uuid4()}/rerun", json=COLORS).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"frameRatio": 0.5},
        {"sampleSeconds": 1},
        {"videoURL": "https://example.com/a.mp4"},
        {"maxDuration": 1},
        {"startTime": 3, "endTime": 2},
        {"modelsToRun": []},
        {"modelsToRun": ["color_detection", "color_detection"]},
        {"storeFrames": "some"},
        {"callbackURL": "ftp://example.com"},
        {"frameStep": 0},
        [],
    ],
)
def test_other_bodies_are_refused(client: TestClient, services: Services, body: object) -> None:
    answer = ask(client, a_parent(services), body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_key_makes_one_video(client: TestClient, services: Services) -> None:
    parent, other = a_parent(services), a_parent(services)
    first = ask(client, parent, **{"Idempotency-Key": "k"})
    services.frames.delete_video(parent.video_id)
    again = ask(client, parent, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["video_id"]) == (202, first.json()["video_id"])
    for parent_, body in ((other, COLORS), (parent, {"modelsToRun": ["faces_detection"]})):
        assert ask(client, parent_, body, **{"Idempotency-Key": "k"}).status_code == 422


def test_the_queue_has_an_end(client: TestClient, services: Services) -> None:
    parent = a_parent(services)
    answers = [ask(client, parent) for _ in range(services.settings.max_open_videos + 1)]
    assert (answers[0].status_code, answers[-1].status_code) == (202, 429)
