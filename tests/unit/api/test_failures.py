"""What the service says of frames that failed."""

from dataclasses import replace
from typing import Any

from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video
from tests.unit.api.test_summary import frame, save, stored
from tests.unit.factories import a_result, analyzed, dog


def failing(services: Services, *numbers: int) -> Video:
    """A video with dogs in 30 frames, of which these failed in one task."""
    video = stored(services, *(frame(n, "dog") for n in range(1, 2001, 100)))
    broken = a_result(task=TaskName.FACES, error="the model raised")
    save(services, video, *(analyzed(video.video_id, n, a_result([dog()]), broken) for n in numbers))
    return video


def failures(client: TestClient, video: Video, **params: Any) -> dict[str, Any]:
    """The answer."""
    answer = client.get(f"/analysis/{video.video_id}/failures", params=params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_failed_frames_are_named_with_task_and_reason(client: TestClient, services: Services) -> None:
    video = failing(services, 51)
    assert failures(client, video) == {
        "items": [
            {
                "frame_number": 51,
                "media_time": 5.0,
                "reason": "the model raised",
                "tasks": ["faces_detection"],
                "results_url": f"/analysis/{video.video_id}/frame/51/results",
            }
        ],
        "next_cursor": None,
    }


def test_a_frame_that_could_not_be_read_has_no_tasks(client: TestClient, services: Services) -> None:
    video = stored(services)
    save(services, video, replace(analyzed(video.video_id, 7), error="not a picture", results=()))
    [item] = failures(client, video)["items"]
    assert (item["frame_number"], item["reason"], item["tasks"]) == (7, "not a picture", [])


def test_pages_go_on_over_buckets(client: TestClient, services: Services) -> None:
    video = failing(services, 2, 3, 999, 1002, 5000)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = failures(client, video, limit=2, **cursor)
        seen += [item["frame_number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [2, 3, 999, 1002, 5000]


def test_another_videos_cursor_is_refused(client: TestClient, services: Services) -> None:
    one, other = failing(services, 2, 3), failing(services, 2, 3)
    cursor = failures(client, one, limit=1)["next_cursor"]
    answer = client.get(f"/analysis/{other.video_id}/failures", params={"cursor": cursor})
    assert answer.status_code == 422
    assert client.get(f"/analysis/{one.video_id}/failures", params={"limit": 0}).status_code == 422
