"""Which model finds, and what it may be asked for."""

from pathlib import Path

import numpy as np
import pytest

from connectors.edge.agent.finding import UNSURE, CardFinder, load_finder
from inference.cards import read_card
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import Box, Detection
from pipeline.contracts.settings import ROOT
from tests.unit.connectors.edge.agent.pictures import noise

CARDS = ROOT / "models"


class Known:
    """A model that answers the same always, and remembers what it was asked for."""

    device = "none"

    def __init__(self) -> None:
        self.card = read_card(CARDS / "yolox_nano" / "model.toml")
        self.asked: list[float | None] = []

    def predict(self, images: object, min_confidence: float | None = None) -> list[list[Detection]]:
        self.asked.append(min_confidence)
        return [[Detection(label, 0.9, Box(0, 0, 1, 1)) for label in ("person", "dog", "car")]]


def test_only_what_is_asked_for_is_found() -> None:
    found = CardFinder(Known(), frozenset({"dog", "car"})).find(noise())
    assert [d.label for d in found] == ["dog", "car"]
    assert len(CardFinder(Known()).find(noise())) == 3


def test_weaker_findings_help_to_follow() -> None:
    model = Known()
    finder = CardFinder(model, least=0.6)
    finder.find(np.zeros((4, 4, 3), np.uint8))
    assert model.asked == [0.6 * UNSURE]
    assert CardFinder(model).least == model.card.min_confidence


def test_an_unknown_label_says_what_is_known() -> None:
    with pytest.raises(ModelUnavailable, match="does not know unicorn; it knows: person"):
        CardFinder(Known(), frozenset({"unicorn"}))


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "there is no model 'nothing'.*yunet_n"), ("emotion_mini_xception", "finds no boxes")],
)
def test_a_model_that_is_no_detector_says_so(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=said):
        load_finder(name, CARDS, Weights(tmp_path), frozenset(), None, 1)
