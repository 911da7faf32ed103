"""What the service says of two videos beside each other."""

from dataclasses import replace
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from api.insights.frame_ranges import MOST_RANGES, FrameRanges
from api.services import Services
from pipeline.contracts.results import Detection, FrameResult, TaskName, TaskRequest
from pipeline.contracts.videos import SourceProgress, Video
from tests.unit.factories import a_result, a_video, analyzed, dog

FACES, EMOTIONS, OBJECTS, COLORS, _ = TaskName
Findings = dict[int, list[Detection]]


def stored(services: Services, findings: Findings, **changes: Any) -> Video:
    """A video with these objects in these frames."""
    video = replace(a_video(), **changes)
    services.videos.create(video)
    frames = [analyzed(video.video_id, n, a_result(found)) for n, found in findings.items()]
    services.results.save(frames, {video.video_id: 1})
    return video


def compared(client: TestClient, a: Video, b: Video) -> dict[str, Any]:
    """The answer."""
    answer = client.get(f"/analysis/{a.video_id}/compare/{b.video_id}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_what_changed_by_label_and_frames(client: TestClient, services: Services) -> None:
    a = stored(services, {n: [dog(0.5)] if n < 8 or n > 998 else [] for n in (1, 3, 5, 7, 9, 999, 1001, 1003)})
    b = stored(services, {n: [dog(0.75), dog(0.2)] if n < 4 else [] for n in (1, 2, 3, 5, 7, 9, 999, 1001, 1003)})
    shown = compared(client, a, b)
    [task] = shown["tasks"]
    assert (task["compared_frames"], task["a"]["frames"], task["b"]["frames"]) == (8, 8, 9)
    [label] = task["labels"]
    assert label == {
        "label": "dog",
        "in_both": {"frames": 2, "ranges": [{"from": 1, "to": 3, "frames": 2}], "ranges_cut": False},
        "only_in_a": {
            "frames": 5,
            "ranges": [{"from": 5, "to": 7, "frames": 2}, {"from": 999, "to": 1003, "frames": 3}],
            "ranges_cut": False,
        },
        "only_in_b": {"frames": 0, "ranges": [], "ranges_cut": False},
        "detections_a": 7,
        "detections_b": 4,
        "more_in_a": 5,
        "more_in_b": 2,
        "mean_confidence_change": 0.25,
    }


def test_a_task_of_one_video_is_all_in_that_one(client: TestClient, services: Services) -> None:
    a = stored(services, {1: [dog()], 2: []})
    b = replace(a_video(), tasks=(TaskRequest(FACES, 0.7),), parent_id=a.video_id)
    services.videos.create(b)
    face = FrameResult(FACES, "yunet_n", "cd", a_result().status, None, 1.0, (dog(0.8).__class__("face", 0.8),))
    services.results.save([analyzed(b.video_id, 2, face)], {b.video_id: 1})
    shown = compared(client, a, b)
    faces, objects = shown["tasks"]
    assert shown["same_source"] is True
    assert (faces["a"]["asked"], faces["b"]["asked"], faces["b"]["min_confidence"]) == (False, True, 0.7)
    assert faces["b"]["models"] == [{"model": "yunet_n", "model_digest": "cd"}]
    assert faces["labels"][0]["only_in_b"]["frames"] == 1
    assert objects["labels"][0]["only_in_a"]["frames"] == 1
    assert objects["labels"][0]["mean_confidence_change"] is None


def test_a_video_does_not_differ_from_itself(client: TestClient, services: Services) -> None:
    a = stored(services, {n: [dog(n / 3000)] for n in range(1, 2500, 7)})
    [label] = compared(client, a, a)["tasks"][0]["labels"]
    assert label["in_both"]["ranges"] == [{"from": 1, "to": 2493, "frames": 357}]
    assert (label["only_in_a"]["frames"], label["mean_confidence_change"]) == (0, 0.0)


def test_sources_are_told_apart(client: TestClient, services: Services) -> None:
    a, b = stored(services, {1: []}), stored(services, {1: []}, source_url="https://example.com/other.mp4")
    assert compared(client, a, stored(services, {}))["same_source"] is True
    assert compared(client, a, b)["same_source"] is False
    for video in (a, b):
        services.videos.save_progress(video.video_id, SourceProgress(sha256="ab"))
    assert compared(client, a, b)["same_source"] is True
    child = stored(services, {}, parent_id=b.video_id, source_url="c")
    grandchild = stored(services, {}, parent_id=child.video_id, source_url="d")
    sibling = stored(services, {}, parent_id=b.video_id, source_url="e")
    assert compared(client, sibling, grandchild)["same_source"] is True


def test_what_is_not_there_cannot_be_compared(client: TestClient, services: Services) -> None:
    a = stored(services, {1: []})
    for path in (f"{a.video_id}/compare/{a_video().video_id}", f"{a_video().video_id}/compare/{a.video_id}"):
        assert client.get(f"/analysis/{path}").status_code == 404
    assert client.get(f"/analysis/{a.video_id}/compare/{a.video_id}?x=1").status_code == 422
    assert client.get(f"/analysis/{a.video_id}/compare/no-id").status_code == 422


def test_ranges_are_bounded_and_all_frames_count() -> None:
    ranges = FrameRanges()
    for start in (1, 101, 201):
        ranges.add(np.arange(start, start + 100), np.arange(100) % 2 == 0)
    assert (ranges.frames, len(ranges.ranges), ranges.cut) == (150, MOST_RANGES, True)
    joined = FrameRanges()
    joined.add(np.array([1, 2]), np.array([False, True]))
    joined.add(np.array([], dtype=np.int64), np.array([], dtype=bool))
    joined.add(np.array([7, 9]), np.array([True, True]))
    assert joined.ranges == [[2, 9, 3]]
