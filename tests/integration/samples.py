"""Owns the real weights and the real media of the integration tests, or the reason why they cannot be had."""

import uuid
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import pytest

from inference.analyzer import Analyzer
from inference.arrays import Image
from inference.cards import Card, read_cards
from inference.models import Model, load_model
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import Detection, FrameResult, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings

BATCH = 64


def media(*parts: str) -> Path:
    """A file of the mirror's media; skips the test when it is not there."""
    mirror = PathSettings().mirror
    if mirror is None:
        pytest.skip("the sample media are not here: FRAMEWISE_MIRROR is not set")
    path = mirror.joinpath("media", *parts)
    if not path.exists():
        pytest.skip(f"the sample {'/'.join(parts)} is not in the mirror")
    return path


def photo(name: str) -> Image:
    """A photo of the mirror, as pixels."""
    folder = "ident" if name.startswith(("biden", "obama")) else "photos"
    image = cv2.imread(str(media(folder, name)))
    assert image is not None
    return image.astype("uint8", copy=False)


def card(name: str) -> Card:
    """A shipped card."""
    return next(card for card in read_cards(PathSettings().models_dir) if card.name == name)


def model(name: str) -> Model:
    """A shipped model, loaded; skips the test when its weights cannot be had."""
    found = _loaded(name)
    if isinstance(found, ModelUnavailable):
        pytest.skip(str(found))
    return found


@cache
def _loaded(name: str) -> Model | ModelUnavailable:
    """The model, or why it cannot be had: asking a second time would take as long again."""
    paths = PathSettings()
    try:
        return load_model(card(name), Weights(paths.weights_dir, paths.mirror).ensure(card(name)))
    except ModelUnavailable as error:
        return error


@cache
def analyzer() -> Analyzer:
    """The analyzer as a worker builds it, with every task's first choice; skips when one cannot be had."""
    built = Analyzer.from_settings(PathSettings())
    for task, name in FIRST_CHOICES.items():
        if [info.model for info in built.warm([task])] != [name]:
            pytest.skip(f"the weights of {name} cannot be had (they are in the mirror or on GitHub)")
    return built


FIRST_CHOICES = {
    TaskName.FACES: "yunet_n",
    TaskName.EMOTIONS: "emotion_mini_xception",
    TaskName.OBJECTS: "yolox_nano",
    TaskName.COLORS: "dominant_colors",
}


def video_frames(path: Path, tasks: Sequence[TaskName], step: int = 5, height: int = 720) -> Iterator[Frame]:
    """The sampled frames of a video as ingest publishes them: scaled down to `height`, JPEG of quality 85."""
    requests = tuple(TaskRequest(task) for task in tasks)
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index % step:
                continue
            image = picture.to_ndarray(format="bgr24").astype("uint8", copy=False)
            if picture.height > height:
                width = round(picture.width * height / picture.height)
                image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            yield Frame(uuid.UUID(int=1), 1, index + 1, 0.0, None, image.shape[1], image.shape[0], requests, data)


def found(path: Path, task: TaskName, step: int = 5) -> list[tuple[Detection, ...]]:
    """What the task finds in each sampled frame of a video; no frame may fail."""
    frames = list(video_frames(path, [task], step))
    results: list[FrameResult] = []
    for start in range(0, len(frames), BATCH):
        results += [result for [result] in analyzer().analyze(frames[start : start + BATCH])]
    assert [result.error for result in results if result.error] == []
    return [result.detections for result in results]
