"""Owns the timing of models: each call is told to a listener, with the pictures it was for."""

import time
from collections.abc import Callable, Sequence

from inference.ahead import Ahead
from inference.arrays import Image
from inference.cards import Card
from inference.models import Foreseeing, Model
from pipeline.contracts.results import Detection

Heard = Callable[[str, int, float], None]
"""Told the model's name, the pictures of a call and its seconds."""


def nobody(model: str, pictures: int, seconds: float) -> None:
    """Listens to nothing."""


class TimedModel:
    """A model whose calls are timed; those that raise are not told."""

    def __init__(self, model: Model, heard: Heard) -> None:
        self._model = model
        self._heard = heard
        self.card: Card = model.card

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._model.device

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """What the model finds."""
        began = time.perf_counter()
        found = self._model.predict(images, min_confidence)
        self._heard(self.card.name, len(images), time.perf_counter() - began)
        return found

    def expect(self, images: Sequence[Image], ahead: Ahead) -> None:
        """Let a model that can prepare; that is not its time."""
        if isinstance(self._model, Foreseeing):
            self._model.expect(images, ahead)
