"""What is kept of real faces: blurred, or nothing, and never the picture as it was."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from inference.analyzer import Analyzer
from pipeline.contracts.results import Box, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings
from pipeline.pictures import Image, decode
from stack.trial import Trial
from tests.e2e.service import Service
from tests.e2e.test_rerun import pictures, rerun
from tests.unit.factories import a_frame

FACES, COLORS = "faces_detection", "color_detection"
CLIPS = ["face-demographics-walking-and-pause_fromgif.mp4", "carphone_face_qcif.mp4"]
STRANGE = 0.5
"""A face in a blurred picture is one that was there if it covers so much of it; another was made up by a model."""


@pytest.fixture(scope="module")
def analyzer(models: dict[str, Any]) -> Analyzer:
    """The same models as the workers have."""
    return Analyzer.from_settings(PathSettings())


@pytest.fixture(
    scope="module",
    params=[pytest.param(CLIPS[0], marks=pytest.mark.slow), CLIPS[1]],
    ids=["three-faces", "one-face"],
)
def clip(request: pytest.FixtureRequest, media: Path) -> Path:
    return media / "video" / str(request.param)


@pytest.fixture(scope="module")
def full(service: Service, clip: Path, models: dict[str, Any]) -> str:
    """The film as it is usually kept."""
    path = service.upload(clip, modelsToRun=FACES, frameStep="8")
    service.completed(path)
    return path


@pytest.fixture(scope="module")
def blurred(service: Service, clip: Path, full: str) -> str:
    """The same film with the faces blurred, although only the surest are wanted as results."""
    path = service.upload(
        clip, modelsToRun=f'[{{"name": "{FACES}", "minConfidence": 0.99}}]', frameStep="8", storeFrames="blurred"
    )
    assert service.completed(path)["store_frames"] == "blurred"
    return path


def boxes(detections: Sequence[dict[str, Any]]) -> list[Box]:
    return [Box(**found["box"]) for found in detections]


def inside(image: Image, box: Box) -> Image:
    """What is in a box."""
    height, width = image.shape[:2]
    rows = slice(max(0, int(box.y * height)), int((box.y + box.height) * height))
    return image[rows, max(0, int(box.x * width)) : int((box.x + box.width) * width)]


def seen(analyzer: Analyzer, jpeg: bytes) -> list[Box]:
    """The faces that the model finds in a picture, unsure ones too."""
    frame = replace(a_frame(uuid4()), jpeg=jpeg, tasks=(TaskRequest(TaskName.FACES, 0.5),))
    [[result]] = analyzer.analyze([frame])
    assert result.error is None
    return [found.box for found in result.detections if found.box]


def shared(one: Box, other: Box) -> float:
    """How much of `one` is in `other`."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, width) * max(0.0, height) / (one.width * one.height)


def test_no_face_is_left_in_what_is_stored(
    service: Service, stack: Trial, full: str, blurred: str, analyzer: Analyzer
) -> None:
    kept, hidden, faces = pictures(stack, full), pictures(stack, blurred), service.by_frame(full, FACES)
    assert kept.keys() == hidden.keys()
    assert sum(map(len, faces.values())) >= len(faces) / 2
    for name, jpeg in hidden.items():
        original, picture = decode(kept[name]), decode(jpeg)
        for face in boxes(faces[int(Path(name).stem)]):
            before, after = inside(original, face).astype(int), inside(picture, face).astype(int)
            assert abs(before - after).mean() > 3, name
            assert abs(before - after).max() > 30, name
            assert not [box for box in seen(analyzer, jpeg) if shared(face, box) > STRANGE], name


def test_no_other_file_holds_the_picture(stack: Trial, full: str, blurred: str) -> None:
    """But the log of the topic, which the frames travel through, and what was submitted to be kept in full."""
    originals = pictures(stack, full)
    data = stack.settings.data_dir
    own = data / "frames" / blurred.rsplit("/", 1)[1]
    others = [folder for folder in (data / "frames").iterdir() if folder != own]
    allowed = (data / "kafka", data / "cache", *others)
    looked_at = 0
    for file in data.rglob("*"):
        if not file.is_file() or file.is_symlink() or any(folder in file.parents for folder in allowed):
            continue
        content = file.read_bytes()
        looked_at += 1
        assert not any(jpeg[600:1600] in content for jpeg in originals.values()), file
    assert looked_at > 10


def test_the_results_are_those_that_were_asked_for(service: Service, blurred: str) -> None:
    for detections in service.by_frame(blurred, FACES).values():
        assert all(found["confidence"] >= 0.99 for found in detections)


def test_a_frame_can_be_shown_blurred(service: Service, full: str, analyzer: Analyzer) -> None:
    faces = service.by_frame(full, FACES)
    number = max(faces, key=lambda n: len(faces[n]))
    answer = service.http.get(f"{full}/frame/{number}", params={"blur": "faces", "annotate": "false"})
    assert answer.status_code == 200
    found = seen(analyzer, answer.content)
    assert not [face for face in boxes(faces[number]) if any(shared(face, box) > STRANGE for box in found)]


def test_what_is_blurred_stays_blurred_when_it_is_run_again(service: Service, blurred: str) -> None:
    path = rerun(service, blurred, modelsToRun=[COLORS])
    video = service.completed(path)
    assert video["store_frames"] == "blurred"
    assert "blurred" in video["warnings"][0]
    assert service.http.get(f"{path}/frame/1", params={"blur": "faces"}).status_code == 200


def test_nothing_is_kept_if_nothing_is_to_be(service: Service, stack: Trial, clip: Path) -> None:
    path = service.upload(clip, modelsToRun=FACES, frameStep="8", storeFrames="none")
    service.completed(path)
    assert pictures(stack, path) == {}
    assert service.by_frame(path, FACES)
    answer = service.http.get(f"{path}/frame/1")
    assert (answer.status_code, "storeFrames none" in answer.json()["detail"]) == (404, True)


def test_no_picture_where_faces_were_not_looked_for(service: Service, clip: Path) -> None:
    path = service.upload(clip, modelsToRun=COLORS, frameStep="40")
    service.completed(path)
    answer = service.http.get(f"{path}/frame/1", params={"blur": "faces"})
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert "rerun" in answer.json()["detail"]
