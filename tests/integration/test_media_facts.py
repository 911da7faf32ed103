"""What is known of the sample videos, at the shipped thresholds: the models alone reach all of it."""

import colorsys
from collections.abc import Callable, Sequence

import pytest

from pipeline.contracts.results import Detection, TaskName
from tests.integration.samples import found, media

Check = Callable[[Sequence[Detection]], bool]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")


def _has(label: str, least: int = 1) -> Check:
    return lambda detections: sum(d.label == label for d in detections) >= least


def _without(label: str) -> Check:
    return lambda detections: all(d.label != label for d in detections)


def _count(number: int) -> Check:
    return lambda detections: len(detections) == number


def _hue(low: float, high: float) -> Check:
    """Whether a colour of some strength has a hue between `low` and `high` degrees."""

    def check(detections: Sequence[Detection]) -> bool:
        return any(_is(detection.label, low, high) for detection in detections)

    return check


def _is(label: str, low: float, high: float) -> bool:
    red, green, blue = (int(label[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    return low <= (hue * 360 + 60) % 360 - 60 <= high and saturation > 0.25 and value > 0.2


FACES, EMOTIONS, OBJECTS, COLORS = TaskName.FACES, TaskName.EMOTIONS, TaskName.OBJECTS, TaskName.COLORS

FACTS: list[tuple[str, TaskName, str, Check, float]] = [
    ("woman_dog.mp4", OBJECTS, "a person", _has("person"), 0.95),
    ("woman_dog.mp4", OBJECTS, "a dog", _has("dog"), 0.60),
    ("people_vtest.avi", OBJECTS, "two or more persons", _has("person", 2), 0.95),
    ("coffee_blue_cup.mp4", OBJECTS, "a cup", _has("cup"), 0.90),
    ("coffee_blue_cup.mp4", FACES, "no face", _count(0), 1.0),
    ("coffee_blue_cup.mp4", COLORS, "a blue", _hue(190, 260), 0.90),
    ("bottles.mp4", OBJECTS, "a bottle", _has("bottle"), 0.90),
    ("person-bicycle-car-detection_fromgif.mp4", OBJECTS, "a car", _has("car"), 0.30),
    ("cars_topdown.mp4", OBJECTS, "nothing", _count(0), 0.60),
    ("carphone_face_qcif.mp4", FACES, "one face", _count(1), 0.95),
    ("face-demographics-walking-and-pause_fromgif.mp4", FACES, "three faces", _count(3), 0.80),
    ("head-pose-face-detection-male_fromgif.mp4", EMOTIONS, "happy", _has("happy"), 0.90),
    ("earth_negative.mp4", FACES, "no face", _count(0), 1.0),
    ("earth_negative.mp4", OBJECTS, "no person", _without("person"), 1.0),
    ("flower_red.mp4", COLORS, "a red", _hue(-20, 20), 0.90),
    ("flower_red.mp4", COLORS, "a green", _hue(60, 170), 0.90),
    ("flower_red.mp4", FACES, "no face", _count(0), 1.0),
]


@pytest.mark.parametrize(("video", "task", "what", "check", "least"), FACTS, ids=[f"{f[0]}-{f[2]}" for f in FACTS])
def test_a_video_holds_what_is_known_of_it(video: str, task: TaskName, what: str, check: Check, least: float) -> None:
    frames = found(media("video", video), task)
    share = sum(map(check, frames)) / len(frames)
    assert share >= least, f"{what} in {share:.1%} of {len(frames)} frames of {video}, known are {least:.0%}"
