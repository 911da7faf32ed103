"""Owns finding things in a frame: the protocol, its twin, and the detector of a model's card."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from inference.arrays import Image
from inference.cards import CARD, BatchSpec, Card, read_card
from inference.models import Model, load_model
from inference.outputs import BoxesOutput
from inference.runtimes import Compute
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import Detection

UNSURE = 0.75
"""Of the least score: so much is enough to go on following what was seen well before."""


class Finder(Protocol):
    """Finds things in frames. `least` is the score from which a finding counts; weaker ones only help to follow."""

    least: float

    def find(self, image: Image) -> Sequence[Detection]:
        """The findings of a frame, each with a box. Raises whatever its model raises."""


@dataclass
class InMemoryFinder:
    """The twin for tests: answers what a function of the frame says."""

    answer: Callable[[Image], Sequence[Detection]]
    least: float = 0.5

    def find(self, image: Image) -> Sequence[Detection]:
        return self.answer(image)


class CardFinder:
    """The model of a card; only things with one of `labels`, if any are named."""

    def __init__(self, model: Model, labels: frozenset[str] = frozenset(), least: float | None = None) -> None:
        """Raises ModelUnavailable for labels that the model does not know."""
        if unknown := labels - set(model.card.labels):
            known = ", ".join(model.card.labels)
            raise ModelUnavailable(f"{model.card.name} does not know {', '.join(sorted(unknown))}; it knows: {known}")
        self._model, self._labels = model, labels
        self.least = model.card.min_confidence if least is None else least

    def find(self, image: Image) -> Sequence[Detection]:
        found = self._model.predict([image], self.least * UNSURE)[0]
        return [d for d in found if not self._labels or d.label in self._labels]


def load_finder(
    name: str, cards_dir: Path, weights: Weights, labels: frozenset[str], least: float | None, threads: int
) -> CardFinder:
    """The detector of the card `name`, its weights fetched if need be. Raises ModelUnavailable."""
    card = _detector(name, cards_dir)
    card = card.model_copy(update={"batch": BatchSpec()})  # one picture at a time: 15 MB less than with any number
    cv2.setNumThreads(threads)
    return CardFinder(load_model(card, weights.ensure(card), Compute(threads=threads)), labels, least)


def _detector(name: str, cards_dir: Path) -> Card:
    path = cards_dir / name / CARD
    if not path.is_file():
        names = ", ".join(sorted(found.parent.name for found in cards_dir.glob(f"*/{CARD}"))) or "none"
        raise ModelUnavailable(f"there is no model {name!r} in {cards_dir}; there are: {names}")
    card = read_card(path)
    if not isinstance(card.output, BoxesOutput):
        raise ModelUnavailable(f"{name} finds no boxes; take a card for faces_detection or objects_detection")
    return card
