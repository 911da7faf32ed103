"""Owns which model a task uses: the first of its cards whose weights can be had and that loads."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from inference.cards import Card
from inference.models import Model, load_model
from inference.runtimes import Compute
from inference.timed import Heard, TimedModel, nobody
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import ModelInfo, TaskName

logger = logging.getLogger(__name__)

RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Missing:
    """Why a task has no model, and until when that is believed (monotonic seconds)."""

    reason: str
    until: float


class ModelShelf:
    """Each task's model, loaded once when first asked for and kept."""

    def __init__(self, cards: Sequence[Card], weights: Weights, compute: Compute, heard: Heard = nobody) -> None:
        """`heard` is told of every call of a model but the first, which warms it."""
        self._heard = heard
        self._cards = cards
        self._weights = weights
        self._compute = compute
        self._loaded: dict[TaskName, tuple[Model, ModelInfo]] = {}
        self._missing: dict[TaskName, _Missing] = {}

    def model(self, task: TaskName) -> Model:
        """The task's model. Raises ModelUnavailable, which lists what was tried; it is tried again after a minute."""
        return self._entry(task)[0]

    def info(self, task: TaskName) -> ModelInfo:
        """What is known of the task's model. Raises ModelUnavailable."""
        return self._entry(task)[1]

    def card(self, task: TaskName) -> Card | None:
        """The card in use for a task, or the one that it would rather use."""
        if task in self._loaded:
            return self._loaded[task][0].card
        return next((card for card in self._cards if card.task is task), None)

    def _entry(self, task: TaskName) -> tuple[Model, ModelInfo]:
        if task in self._loaded:
            return self._loaded[task]
        missing = self._missing.get(task)
        if missing and time.monotonic() < missing.until:
            raise ModelUnavailable(missing.reason)
        try:
            self._loaded[task] = self._load(task)
        except ModelUnavailable as error:
            self._missing[task] = _Missing(str(error), time.monotonic() + RETRY_SECONDS)
            raise
        return self._loaded[task]

    def _load(self, task: TaskName) -> tuple[Model, ModelInfo]:
        reasons = []
        for card in sorted((c for c in self._cards if c.task is task), key=lambda c: (c.preference, c.name)):
            try:
                return self._warm(card)
            except ModelUnavailable as error:
                logger.warning("%s cannot use %s: %s", task.value, card.name, error)
                reasons.append(str(error))
        raise ModelUnavailable(f"no model for {task.value}: " + ("; ".join(reasons) or "there is no card"))

    def _warm(self, card: Card) -> tuple[Model, ModelInfo]:
        """Load the model and run it once, so that the first frame does not pay for it."""
        began = time.perf_counter()
        model = load_model(card, self._weights.ensure(card), self._compute)
        try:
            model.predict([np.zeros((360, 640, 3), np.uint8)])
        except Exception as error:
            raise ModelUnavailable(f"{card.name} loads but fails on a blank picture: {error}") from error
        spent = (time.perf_counter() - began) * 1000
        logger.info(
            "model %s ready: task %s, digest %s, runtime %s on %s, %.0f ms",
            card.name, card.task.value, card.digest[:12], card.runtime, model.device, spent,
        )  # fmt: skip
        return TimedModel(model, self._heard), ModelInfo(
            card.task, card.name, card.digest, card.runtime, card.labels, card.licence, card.min_confidence,
            datetime.now(UTC),
        )  # fmt: skip
