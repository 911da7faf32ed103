"""Cards: those that ship are right, a wrong one says which file and which field."""

from pathlib import Path

import pytest

from inference.cards import read_card, read_cards
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import ROOT
from tests.unit.inference.factories import boxes_body, brightness_detector, write_card


def test_shipped_cards_serve_every_task_with_a_second_choice_where_weights_are_needed() -> None:
    names: dict[TaskName, list[str]] = {}
    for card in read_cards(ROOT / "models"):
        names.setdefault(card.task, []).append(card.name)
    assert names == {
        TaskName.COLORS: ["dominant_colors"],
        TaskName.EMOTIONS: ["emotion_mini_xception"],
        TaskName.FACES: ["yunet_n", "blazeface"],
        TaskName.OBJECTS: ["yolox_nano", "centernet", "fastestdet"],
        TaskName.IDENTITIES: ["faceres", "mobileface_embed"],
    }


def test_every_shipped_file_of_weights_has_a_source() -> None:
    for card in read_cards(ROOT / "models"):
        assert all(file.sources for file in card.files), card.name


def test_labels_come_from_a_file_beside_the_card() -> None:
    card = read_card(ROOT / "models" / "yolox_nano" / "model.toml")
    assert (len(card.labels), card.labels[0], card.labels[-1]) == (80, "person", "toothbrush")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("min_confidence = 0.2", "min_confidence = 2", "min_confidence"),
        ('task = "objects_detection"', 'task = "smells_detection"', "task"),
        ('kind = "packed_boxes"', 'kind = "tarot"', "output"),
        ("width = 32", "width = 0", "input.width"),
        ("width = 32", "widht = 32", "input.widht"),
        ('tensor = "found"', "", "output.packed_boxes.tensor"),
        ('runtime = "onnx"', 'runtime = "abacus"', "runtime"),
        ('file = "model.onnx"', 'file = "../model.onnx"', "files.0.file"),
        ("sources = []", 'sources = ["http://example.com/x"]', "files.0.sources.0"),
        ('task = "objects_detection"', 'task = "emotions_detection"', "does not answer the task"),
        ("licence", "license", "licence"),
        ('name = "tiny"', 'name = "tony"', "name"),
        ("[input]", "[input", "cannot be read"),
        ("labels = ['thing']", 'labels = "nothing.txt"', "nothing.txt"),
    ],
)
def test_a_wrong_card_is_refused_by_file_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    path = write_card(tmp_path, "tiny", brightness_detector(), boxes_body())
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelUnavailable) as caught:
        read_card(path)
    assert str(path) in str(caught.value)
    assert field in str(caught.value)


def test_the_digest_is_that_of_the_weights_or_of_all_of_them(tmp_path: Path) -> None:
    one = read_card(write_card(tmp_path, "one", brightness_detector(), boxes_body()))
    assert one.digest == one.files[0].sha256
    several = one.model_copy(update={"files": (one.files[0], one.files[0])})
    assert len(several.digest) == 64
    assert several.digest != one.digest
