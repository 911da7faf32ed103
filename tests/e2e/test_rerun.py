"""A real video whose stored frames are analysed again, through the whole path."""

from pathlib import Path
from typing import Any

import pytest

from stack.trial import Trial
from tests.e2e.service import Service

OBJECTS, FACES, COLORS = "objects_detection", "faces_detection", "color_detection"


@pytest.fixture(scope="module")
def parent(service: Service, media: Path, models: dict[str, Any]) -> str:
    """A film of one second's steps, looked through for objects only."""
    path = service.upload(media / "video" / "woman_dog.mp4", modelsToRun=OBJECTS, frameStep="20")
    service.completed(path)
    return path


def rerun(service: Service, path: str, **body: Any) -> str:
    """The path of the video that a re-analysis becomes."""
    answer = service.http.post(f"{path}/rerun", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["status_url"])


def times(service: Service, path: str) -> dict[int, float]:
    return {row["frame_number"]: row["media_time"] for row in service.rows(path)}


def pictures(stack: Trial, path: str) -> dict[str, bytes]:
    """The stored frames of a video."""
    folder = stack.settings.data_dir / "frames" / path.rsplit("/", 1)[1]
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.jpg"))}


def test_other_models_run_over_the_same_frames(service: Service, stack: Trial, parent: str) -> None:
    before = service.http.get(parent).json()
    path = rerun(service, parent, modelsToRun=[FACES, COLORS], videoName="again")
    video = service.completed(path)
    assert (video["source"], video["parent_id"], video["video_name"]) == ("rerun", before["video_id"], "again")
    for name in ("duration", "fps", "width", "height", "frame_step"):
        assert video[name] == before[name], name
    assert (video["frames"]["expected"], video["warnings"]) == (before["frames"]["expected"], [])
    assert times(service, path) == times(service, parent)
    assert {row["task"] for row in service.rows(path)} == {FACES, COLORS}
    assert pictures(stack, path) == pictures(stack, parent) != {}
    colours = service.by_frame(path, COLORS)
    assert all(detections[0]["label"].startswith("#") for detections in colours.values())


def test_a_lower_threshold_finds_what_was_found_and_more(service: Service, parent: str) -> None:
    path = rerun(service, parent, modelsToRun=[{"name": OBJECTS, "minConfidence": 0.1}], storeFrames="none")
    service.completed(path)
    usual, all_ = service.by_frame(parent, OBJECTS), service.by_frame(path, OBJECTS)
    assert usual.keys() == all_.keys()
    for number, detections in usual.items():
        for found in detections:
            assert any(_same(found, other) for other in all_[number]), (number, found)
    assert sum(map(len, all_.values())) > sum(map(len, usual.values()))
    answer = service.http.get(f"{path}/frame/1")
    assert answer.status_code == 404
    assert "storeFrames none" in answer.json()["detail"]
    again = service.http.post(f"{path}/rerun", json={})
    assert (again.status_code, again.json()["type"]) == (409, "nothing-stored")


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    near = pytest.approx(one["confidence"], abs=0.001)
    return bool(one["label"] == other["label"] and one["box"] == other["box"] and other["confidence"] == near)


def test_some_of_the_frames_and_a_rerun_of_a_rerun(service: Service, parent: str) -> None:
    first = rerun(service, parent, modelsToRun=[COLORS], startTime=1, endTime=6)
    service.completed(first)
    assert times(service, first) == {n: t for n, t in times(service, parent).items() if 1 <= t < 6}
    second = rerun(service, first, modelsToRun=[COLORS], frameStep=40)
    service.completed(second)
    wanted = {n: t for n, t in times(service, first).items() if (n - 1) % 40 == 0}
    assert times(service, second) == wanted != {}


def test_a_rerun_outlives_the_video_that_it_was_made_of(service: Service, stack: Trial, media: Path) -> None:
    path = service.upload(media / "video" / "carphone_face_qcif.mp4", modelsToRun=COLORS, frameStep="20")
    service.completed(path)
    child = rerun(service, path, modelsToRun=[FACES])
    service.completed(child)
    before = pictures(stack, child)
    assert service.http.delete(path).status_code == 204
    assert service.http.get(path).status_code == 404
    assert pictures(stack, child) == before != {}
    assert service.http.get(f"{child}/frame/21").status_code == 200
    grandchild = rerun(service, child, modelsToRun=[COLORS])
    assert service.completed(grandchild)["frames"]["expected"] == len(before)
