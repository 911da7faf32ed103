"""What the service says of a video in short."""

import random
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.insights.segments import MOST_SEGMENTS
from api.services import Services
from pipeline.contracts.results import AnalyzedFrame, Detection, TaskName
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from tests.unit.factories import a_result, a_video, analyzed, dog

FACES, EMOTIONS, OBJECTS, COLORS, _ = TaskName


def stored(services: Services, *frames: AnalyzedFrame) -> Video:
    """A video that runs, at ten frames a second, with these frames."""
    video = a_video()
    services.videos.create(video)
    services.videos.transition(video.video_id, VideoStatus.PROCESSING)
    services.videos.save_progress(video.video_id, SourceProgress(fps=10.0, width=640, height=480))
    save(services, video, *frames)
    return video


def save(services: Services, video: Video, *frames: AnalyzedFrame) -> None:
    """Store frames of a video."""
    named = [replace(frame, video_id=video.video_id) for frame in frames]
    services.results.save(named, {video.video_id: 1})


def frame(number: int, *labels: str, confidence: float = 0.5, task: TaskName = OBJECTS) -> AnalyzedFrame:
    """A frame with these labels."""
    found = [replace(dog(confidence), label=label) for label in labels]
    return analyzed(a_video().video_id, number, a_result(found, task))


def summary(client: TestClient, video: Video, **params: Any) -> dict[str, Any]:
    """The answer."""
    answer = client.get(f"/analysis/{video.video_id}/summary", params=params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def label(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """One label of the only task."""
    [task] = shown["tasks"]
    return next(found for found in task["labels"] if found["label"] == name)


def test_a_label_has_segments_over_the_borders_of_buckets(client: TestClient, services: Services) -> None:
    numbers = [1, *range(991, 1011), 1500, 2001]
    video = stored(services, *(frame(n, "dog", confidence=n / 4000) for n in numbers), frame(3000, "cat", "cat"))
    shown = summary(client, video, gap=2)
    assert shown["complete"] is False
    assert shown["frames"] == {"stored": 24, "left_out": 0}
    found = label(shown, "dog")
    assert [(s["frame_from"], s["frame_to"], s["frames"]) for s in found["segments"]] == [
        (1, 1, 1),
        (991, 1010, 20),
        (1500, 1500, 1),
        (2001, 2001, 1),
    ]
    assert found["segments"][1]["from"] == 99.0
    assert found["segments"][1]["to"] == 100.9
    assert found["segments"][1]["max_confidence"] == 1010 / 4000
    assert found["dwell_seconds"] == pytest.approx(1.9 + 3 * 0.1)
    assert (found["frames"], found["detections"], found["max_confidence"]) == (23, 23, 2001 / 4000)
    assert (found["first_media_time"], found["last_media_time"]) == (0.0, 200.0)
    assert (found["best_frame"], found["best_media_time"]) == (2001, 200.0)
    assert label(shown, "cat")["most_at_once"] == 2
    assert [found["label"] for found in shown["tasks"][0]["labels"]] == ["dog", "cat"]
    assert shown["tasks"][0]["models"] == [
        {"model": "yolox_nano", "model_digest": "ab" * 32, "frames": 24, "failed": 0}
    ]


def test_the_gap_decides_what_is_one_segment(client: TestClient, services: Services) -> None:
    video = stored(services, *(frame(n, "dog") for n in (1, 11, 32, 1032)))
    assert [label(summary(client, video, gap=gap), "dog")["segments_total"] for gap in (0.5, 1, 2.1, 100)] == [
        4,
        3,
        2,
        1,
    ]
    assert summary(client, video)["gap_seconds"] == 2.0


def test_segments_are_bounded_and_all_count(client: TestClient, services: Services) -> None:
    numbers = range(1, 5001, 30)
    found = label(summary(client, stored(services, *(frame(n, "dog") for n in numbers))), "dog")
    assert (len(found["segments"]), found["segments_total"], found["segments_cut"]) == (MOST_SEGMENTS, 167, True)
    assert found["dwell_seconds"] == pytest.approx(16.7)


@pytest.mark.parametrize(
    ("params", "frames"),
    [
        ({}, {"dog": 3, "cat": 2}),
        ({"label": "dog"}, {"dog": 3}),
        ({"label": "horse"}, {}),
        ({"min_confidence": 0.3}, {"dog": 2, "cat": 2}),
        ({"from": 0.1, "to": 0.2}, {"dog": 2, "cat": 1}),
        ({"from": 100}, {"cat": 1}),
        ({"task": "objects_detection"}, {"dog": 3, "cat": 2}),
        ({"task": ["faces_detection", "color_detection"]}, {}),
    ],
)
def test_filters(client: TestClient, services: Services, params: dict[str, Any], frames: dict[str, int]) -> None:
    video = stored(
        services,
        frame(1, "dog", confidence=0.2),
        frame(2, "dog", confidence=0.3),
        frame(3, "dog", "cat", confidence=0.4),
        frame(1005, "cat", confidence=0.5),
    )
    shown = summary(client, video, **params)
    assert {found["label"]: found["frames"] for task in shown["tasks"] for found in task["labels"]} == frames


def test_a_summary_follows_what_is_stored_and_what_is_cleared(client: TestClient, services: Services) -> None:
    video = stored(services, frame(1, "dog"))
    assert label(summary(client, video), "dog")["frames"] == 1
    save(services, video, frame(2, "dog"), frame(1001, "dog"))
    assert label(summary(client, video), "dog")["frames"] == 3
    services.results.clear(video.video_id, 0, services.results.entries(video.video_id, 0)[:1], 2)
    assert label(summary(client, video), "dog")["frames"] == 2
    services.videos.transition(video.video_id, VideoStatus.COMPLETED)
    assert summary(client, video)["complete"] is True


def test_failed_frames_are_counted(client: TestClient, services: Services) -> None:
    video = stored(services, frame(1, "dog"), analyzed(a_video().video_id, 2, a_result(error="no")))
    assert summary(client, video)["tasks"][0]["models"][0] == {
        "model": "yolox_nano",
        "model_digest": "ab" * 32,
        "frames": 1,
        "failed": 1,
    }


def test_emotions_over_time_are_a_bounded_series(client: TestClient, services: Services) -> None:
    chance = random.Random(1)
    video = stored(
        services,
        *(frame(n, *(chance.choice(["happy", "sad"]) for _ in range(n % 3)), task=EMOTIONS) for n in range(1, 2001)),
    )
    steps = summary(client, video)["emotions"]["steps"]
    assert 50 < len(steps) <= 60
    assert sum(step["faces"] for step in steps) == sum(n % 3 for n in range(1, 2001))
    assert all(sum(step["shares"].values()) == pytest.approx(1) for step in steps)
    assert steps[0]["from"] == 0.0


def test_main_colours_are_shares_of_the_grid(client: TestClient, services: Services) -> None:
    red = [Detection("#fe0102", 0.5), Detection("#f00505", 0.25), Detection("#0000ff", 0.25)]
    video = stored(
        services,
        analyzed(a_video().video_id, 1, a_result(red, COLORS)),
        analyzed(a_video().video_id, 2, a_result([Detection("#0000ff", 1.0)], COLORS)),
    )
    shown = summary(client, video)
    assert shown["colors"] == [
        {"color": "#0000ff", "share": 0.625, "frames": 2},
        {"color": "#ff0000", "share": 0.375, "frames": 1},
    ]
    assert shown["tasks"][0]["labels"] == []
    assert summary(client, video, label="#ee0000")["colors"][0]["color"] == "#ff0000"


def test_a_video_without_results_has_an_empty_summary(client: TestClient, services: Services) -> None:
    shown = summary(client, stored(services))
    assert (shown["tasks"], shown["colors"], shown["emotions"]["steps"]) == ([], [], [])


@pytest.mark.parametrize("params", [{"x": 1}, {"gap": -1}, {"min_confidence": 2}, {"task": "cats"}, {"from": "nan"}])
def test_what_is_no_question_is_refused(client: TestClient, services: Services, params: dict[str, Any]) -> None:
    answer = client.get(f"/analysis/{stored(services).video_id}/summary", params=params)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")


def test_a_summary_is_what_the_rows_say(client: TestClient, services: Services) -> None:
    """Against a plain count over random rows."""
    chance = random.Random(7)
    frames = [
        frame(n, *(chance.choice("abc") for _ in range(chance.randrange(4))), confidence=chance.random())
        for n in sorted(chance.sample(range(1, 4000), 700))
    ]
    shown = summary(client, stored(services, *frames), min_confidence=0.25, **{"from": 20, "to": 300})
    wanted = [f for f in frames if 20 <= f.media_time <= 300]
    found = [(f, d) for f in wanted for r in f.results for d in r.detections if d.confidence >= 0.25]
    for name in "abc":
        ours = label(shown, name)
        theirs = [(f, d) for f, d in found if d.label == name]
        assert ours["detections"] == len(theirs)
        assert ours["frames"] == len({f.frame_number for f, _ in theirs})
        assert ours["max_confidence"] == max(d.confidence for _, d in theirs)
        assert ours["first_media_time"] == theirs[0][0].media_time
        assert ours["mean_confidence"] == pytest.approx(sum(d.confidence for _, d in theirs) / len(theirs), abs=1e-6)
    assert shown["tasks"][0]["frames"] == len(wanted)
