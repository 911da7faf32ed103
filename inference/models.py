"""Owns the protocol of a model and what a card becomes: a detector, a classifier, an embedder or a colour finder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from inference.ahead import Ahead
from inference.arrays import Image
from inference.cards import Card
from inference.colors import DominantColors
from inference.embedder import Embedder
from inference.memory import keep_memory
from inference.networks import Classifier, Detector
from inference.outputs import ColorsOutput, EmbeddingOutput, ScoresOutput
from inference.runtimes import Compute, load_runtime
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import Detection


class Model(Protocol):
    """A loaded model. It keeps no state between calls and is used by one thread at a time."""

    card: Card

    @property
    def device(self) -> str:
        """Where it runs, as its runtime names it."""

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """What is found in each picture, best first, in the order given.

        An implementer splits the pictures into batches as its card allows, and raises rather than answer less.
        Detections reach `min_confidence`, or what the card says.
        """


@runtime_checkable
class Foreseeing(Protocol):
    """A model that can prepare for pictures before it is asked about them."""

    def expect(self, images: Sequence[Image], ahead: Ahead) -> None:
        """These pictures are about to come, together: prepare what can be, with the threads of `ahead`.

        It may be called while another thread is in `predict`, by one thread at a time.
        """


def load_model(card: Card, folder: Path, compute: Compute | None = None) -> Model:
    """The model of a card whose files lie, verified, in `folder`. Raises ModelUnavailable when it cannot be loaded."""
    keep_memory()
    if isinstance(card.output, ColorsOutput):
        return DominantColors(card, card.output)
    compute = compute or Compute()
    try:
        runtime = load_runtime(card, folder, compute)
    except ModelUnavailable:
        raise
    except Exception as error:
        raise ModelUnavailable(f"{card.name} cannot be loaded by {card.runtime}: {error}") from error
    limit = (card.batch.max_gpu if compute.gpu else None) or card.batch.max
    if isinstance(card.output, ScoresOutput):
        return Classifier(card, card.output, runtime, limit)
    if isinstance(card.output, EmbeddingOutput):
        return Embedder(card, card.output, runtime, limit)
    return Detector(card, card.output, runtime, limit)
