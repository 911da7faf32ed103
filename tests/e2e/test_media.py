"""Real videos through the whole path: what is in them is found, at the shipped thresholds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.findings import colour_name
from tests.e2e.service import Service

Detections = list[dict[str, Any]]
OBJECTS, FACES, EMOTIONS, COLORS = "objects_detection", "faces_detection", "emotions_detection", "color_detection"


def labels(detections: Detections) -> list[str]:
    return [d["label"] for d in detections]


def has(label: str, least: int = 1) -> Callable[[Detections], bool]:
    return lambda detections: labels(detections).count(label) >= least


def exactly(count: int) -> Callable[[Detections], bool]:
    return lambda detections: len(detections) == count


@dataclass(frozen=True)
class Fact:
    """In at least `share` of the frames, what `task` found is `true`."""

    clip: str
    task: str
    true: Callable[[Detections], bool]
    share: float
    name: str


FACTS = [
    Fact("woman_dog.mp4", OBJECTS, has("person"), 0.95, "person"),
    Fact("woman_dog.mp4", OBJECTS, has("dog"), 0.60, "dog"),
    Fact("people_vtest.avi", OBJECTS, has("person", 2), 0.95, "persons"),
    Fact("coffee_blue_cup.mp4", OBJECTS, has("cup"), 0.90, "cup"),
    Fact("coffee_blue_cup.mp4", FACES, exactly(0), 1.0, "no-face"),
    Fact("bottles.mp4", OBJECTS, has("bottle"), 0.90, "bottle"),
    Fact("person-bicycle-car-detection_fromgif.mp4", OBJECTS, has("car"), 0.30, "car"),
    Fact("cars_topdown.mp4", OBJECTS, exactly(0), 0.60, "empty"),
    Fact("carphone_face_qcif.mp4", FACES, exactly(1), 0.95, "one-face"),
    Fact("face-demographics-walking-and-pause_fromgif.mp4", FACES, exactly(3), 0.80, "three-faces"),
    Fact("head-pose-face-detection-male_fromgif.mp4", EMOTIONS, has("happy"), 0.90, "happy"),
    Fact("earth_negative.mp4", FACES, exactly(0), 1.0, "no-face"),
    Fact("earth_negative.mp4", OBJECTS, lambda d: "person" not in labels(d), 1.0, "no-person"),
]
CLIPS = sorted({fact.clip for fact in FACTS} | {"flower_red.mp4"})


@pytest.fixture(scope="module")
def analysed(service: Service, media: Path) -> dict[str, str]:
    """All clips submitted together; the path of each, once completed."""
    paths = {clip: service.upload(media / "video" / clip, frameStep="5") for clip in CLIPS}
    for path in paths.values():
        service.completed(path)
    return paths


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fact", FACTS, ids=lambda f: f"{f.clip.split('.')[0]}-{f.name}")
def test_what_is_in_a_video_is_found(service: Service, analysed: dict[str, str], fact: Fact) -> None:
    frames = service.by_frame(analysed[fact.clip], fact.task)
    share = sum(fact.true(detections) for detections in frames.values()) / len(frames)
    assert share >= fact.share, f"true in {share:.0%} of {len(frames)} frames"


@pytest.mark.timeout(600)
def test_a_red_flower_between_green_leaves(service: Service, analysed: dict[str, str]) -> None:
    frames = service.by_frame(analysed["flower_red.mp4"], COLORS)
    both = [{"red", "green"} <= {colour_name(d["label"]) for d in detections} for detections in frames.values()]
    assert sum(both) >= 0.9 * len(both)
    for detections in frames.values():
        assert 0.75 < sum(d["confidence"] for d in detections) <= 1.001
        assert all(d["box"] is None for d in detections)


@pytest.mark.timeout(600)
def test_every_frame_of_a_long_clip_is_counted(service: Service, analysed: dict[str, str]) -> None:
    video = service.http.get(analysed["people_vtest.avi"]).json()
    assert video["frames"]["expected"] == 159
    numbers = sorted(service.by_frame(analysed["people_vtest.avi"], OBJECTS))
    assert numbers == list(range(1, 796, 5))
    assert (video["width"], video["height"], video["fps"]) == (768, 576, 10)


@pytest.mark.timeout(600)
def test_an_annotated_frame_can_be_seen(service: Service, analysed: dict[str, str]) -> None:
    path = analysed["woman_dog.mp4"]
    drawn = service.http.get(f"{path}/frame/11")
    plain = service.http.get(f"{path}/frame/11", params={"annotate": "false"})
    assert drawn.headers["content-type"] == "image/jpeg"
    assert drawn.content[:2] == plain.content[:2] == b"\xff\xd8"
    assert drawn.content != plain.content
    assert {row["task"] for row in service.http.get(f"{path}/frame/11/results").json()} == {
        OBJECTS, FACES, EMOTIONS, COLORS,
    }  # fmt: skip


@pytest.mark.timeout(600)
def test_the_completed_are_listed_newest_first(service: Service, analysed: dict[str, str]) -> None:
    listed = service.http.get("/analysis/videos", params={"limit": 100}).json()["items"]
    assert set(analysed.values()) <= {video["status_url"] for video in listed}
    times = [video["finished_at"] for video in listed]
    assert times == sorted(times, reverse=True)
