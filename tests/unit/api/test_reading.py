"""What the service says of videos, results and frames."""

from dataclasses import replace
from uuid import UUID

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from pipeline.contracts.errors import Problem, StoreUnavailable
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from tests.unit.factories import a_result, a_video, analyzed, dog, jpeg

NOBODY = UUID(int=404)


@pytest.fixture
def video(services: Services) -> Video:
    """Ten frames expected, six done, one of them failed."""
    video = a_video()
    services.videos.create(video)
    services.videos.transition(video.video_id, VideoStatus.PROCESSING)
    services.videos.set_expected(video.video_id, 10, 10)
    services.videos.save_sampled(video.video_id, 0, range(1, 11))
    services.videos.save_progress(video.video_id, SourceProgress(duration=1.0, fps=10.0, width=64, height=48))
    frames = [analyzed(video.video_id, n, a_result([dog(n / 10)])) for n in range(1, 6)]
    frames.append(analyzed(video.video_id, 6, a_result(error="the model raised")))
    services.results.save(frames, {video.video_id: 1})
    services.frames.put(video.video_id, 1, jpeg())
    return video


def test_progress_is_what_is_stored(client: TestClient, video: Video) -> None:
    shown = client.get(f"/analysis/{video.video_id}").json()
    assert shown["frames"] == {"expected": 10, "published": 6, "done": 5, "failed": 1, "dropped": 0}
    assert shown["progress"] == 0.6
    assert shown["eta_seconds"] is None
    assert shown["warnings"] == ["1 frames failed; the first: the model raised"]
    assert "secret" not in shown["video_url"]


def test_a_failed_video_names_the_reason_and_the_gap(client: TestClient, services: Services, video: Video) -> None:
    services.videos.transition(video.video_id, VideoStatus.FAILED, Problem("stalled", "Stalled", "nothing came"))
    shown = client.get(f"/analysis/{video.video_id}").json()
    assert (shown["status"], shown["error"]["detail"]) == ("failed", "nothing came")
    assert shown["missing"] == [{"from": 7, "to": 10}]


def test_results_by_pages(client: TestClient, video: Video) -> None:
    path = f"/analysis/{video.video_id}/results"
    first = client.get(path, params={"limit": 4}).json()
    assert [row["frame_number"] for row in first["items"]] == [1, 2, 3, 4]
    assert not first["complete"]
    second = client.get(path, params={"limit": 4, "cursor": first["next_cursor"]}).json()
    assert [row["frame_number"] for row in second["items"]] == [5, 6]
    assert second["next_cursor"] is None
    row = first["items"][0]
    assert row["detections"][0]["box"] == {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
    assert row["frame_url"] == f"/analysis/{video.video_id}/frame/1"


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({"task": "faces_detection"}, []),
        ({"task": ["objects_detection", "faces_detection"]}, [1, 2, 3, 4, 5, 6]),
        ({"label": "dog"}, [1, 2, 3, 4, 5]),
        ({"label": "cat"}, []),
        ({"min_confidence": 0.3}, [3, 4, 5]),
        ({"from": 0.1, "to": 0.3}, [2, 3, 4]),
        ({"frame_from": 5}, [5, 6]),
        ({"frame_to": 2, "model": "yolox_nano"}, [1, 2]),
        ({"model": "other"}, []),
    ],
)
def test_filters(client: TestClient, video: Video, params: dict[str, str], numbers: list[int]) -> None:
    answer = client.get(f"/analysis/{video.video_id}/results", params=params)
    assert [row["frame_number"] for row in answer.json()["items"]] == numbers


def test_a_cursor_belongs_to_its_question(client: TestClient, video: Video) -> None:
    path = f"/analysis/{video.video_id}/results"
    cursor = client.get(path, params={"limit": 1}).json()["next_cursor"]
    for params in ({"cursor": cursor, "label": "dog"}, {"cursor": "abc"}, {"cursor": "%00"}, {"cursor": cursor + "A"}):
        answer = client.get(path, params=params)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "cursor")


def test_unknown_parameters_are_refused(client: TestClient, video: Video) -> None:
    for path in ("/results?colour=red", "?x=1", "/frame/1?x=1", "/frame/1/results?x=1"):
        assert client.get(f"/analysis/{video.video_id}{path}").status_code == 422
    assert client.get("/analysis/videos?x=1").status_code == 422


def test_a_frame_is_drawn_upon(client: TestClient, video: Video) -> None:
    path = f"/analysis/{video.video_id}/frame/1"
    drawn, plain = client.get(path), client.get(path, params={"annotate": "false"})
    assert drawn.headers["content-type"] == plain.headers["content-type"] == "image/jpeg"
    assert plain.content == jpeg()
    images = [cv2.imdecode(np.frombuffer(a.content, np.uint8), cv2.IMREAD_COLOR) for a in (drawn, plain)]
    assert images[0] is not None
    assert images[1] is not None
    assert images[0].shape == images[1].shape
    assert int(images[0][12:36, 16][:, 1].mean()) > int(images[1][12:36, 16][:, 1].mean()) + 40
    none = client.get(path, params={"tasks": "faces_detection"})
    assert none.content == jpeg()


def test_an_unchanged_frame_is_not_sent_again(client: TestClient, video: Video) -> None:
    path = f"/analysis/{video.video_id}/frame/1"
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"if-none-match": etag}).status_code == 304
    assert client.get(path, params={"min_confidence": 0.5}, headers={"if-none-match": etag}).status_code == 200


def test_colours_become_a_strip(client: TestClient, services: Services, video: Video) -> None:
    red = a_result([dog().__class__("#ff0000", 1.0)], TaskName.COLORS)
    services.results.save([analyzed(video.video_id, 7, red)], {video.video_id: 1})
    services.frames.put(video.video_id, 7, jpeg(120, 96))
    image = cv2.imdecode(
        np.frombuffer(client.get(f"/analysis/{video.video_id}/frame/7").content, np.uint8), cv2.IMREAD_COLOR
    )
    assert image is not None
    assert image[94, 60, 2] > 200 > image[40, 60, 2] + 20 - 30


def test_a_frames_rows(client: TestClient, video: Video) -> None:
    rows = client.get(f"/analysis/{video.video_id}/frame/3/results").json()
    assert [(r["frame_number"], r["detections"][0]["label"]) for r in rows] == [(3, "dog")]


@pytest.mark.parametrize("path", ["/frame/9", "/frame/9/results"])
def test_a_frame_that_is_not_there(client: TestClient, video: Video, path: str) -> None:
    answer = client.get(f"/analysis/{video.video_id}{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


@pytest.mark.parametrize("path", [f"/analysis/{NOBODY}", f"/analysis/{NOBODY}/results", "/nothing"])
def test_what_is_not_there_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_is_a_problem(client: TestClient) -> None:
    answer = client.delete("/analysis/videos")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


def test_videos_newest_first_by_pages(client: TestClient, services: Services) -> None:
    ids = []
    for tag in "abc":
        video = a_video(tags=frozenset(tag))
        services.videos.create(video)
        services.videos.transition(video.video_id, VideoStatus.PROCESSING)
        services.videos.transition(video.video_id, VideoStatus.COMPLETED)
        ids.append(str(video.video_id))
    first = client.get("/analysis/videos?limit=2").json()
    assert [v["video_id"] for v in first["items"]] == ids[:0:-1]
    second = client.get("/analysis/videos", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert ([v["video_id"] for v in second["items"]], second["next_cursor"]) == (ids[:1], None)
    assert [v["video_id"] for v in client.get("/analysis/videos?tag=b").json()["items"]] == ids[1:2]
    assert client.get("/analysis/videos?status=failed").json()["items"] == []


def test_open_videos_are_listed_by_state(client: TestClient, services: Services, video: Video) -> None:
    waiting = a_video()
    services.videos.create(waiting)
    assert [v["video_id"] for v in client.get("/analysis/videos?status=pending").json()["items"]] == [
        str(waiting.video_id)
    ]
    running = client.get("/analysis/videos?status=processing").json()["items"]
    assert [v["video_id"] for v in running] == [str(video.video_id)]


def test_readiness_says_what_each_server_said(client: TestClient, services: Services) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["checks"]["kafka"] == {"ok": True, "detail": "1 broker(s)"}

    def fails() -> str:
        raise StoreUnavailable("no answer")

    other = TestClient(create_app(replace(services, checks={**services.checks, "cassandra": fails})))
    answer = other.get("/readyz", headers={"Host": "localhost"})
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")


def test_models_name_every_task(client: TestClient) -> None:
    assert [m["task"] for m in client.get("/models").json()["items"]] == [t.value for t in TaskName]


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
def test_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/healthz", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "foreign-request")


def test_every_operation_is_described(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    assert len({op["operationId"] for op in operations}) == len(operations)
    for op in operations:
        assert op["summary"]
        assert op["description"]
        for status in ("422", "500", "503"):
            assert op["responses"][status]["content"], op["operationId"]
    assert document["components"]["schemas"]["ProblemBody"]["title"] == "Problem"
    assert "HTTPValidationError" not in str(document)
