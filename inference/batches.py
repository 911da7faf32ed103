"""Owns running a model over many pictures so that one bad picture fails alone."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from inference.arrays import Image
from inference.models import Model
from pipeline.contracts.errors import ModelFailed
from pipeline.contracts.results import Detection

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said of one picture, or why it did not, and its share of the batch's time."""

    detections: tuple[Detection, ...] = ()
    error: str | None = None
    milliseconds: float = 0.0


def predict_all(
    model: Model, images: Sequence[Image], min_confidence: float | None, max_batch_size: int | None
) -> list[Answer]:
    """An answer for each picture in order. At most `max_batch_size` go to the model together. Never raises."""
    size = max_batch_size or len(images)
    answers: list[Answer] = []
    for start in range(0, len(images), max(1, size)):
        answers += _predict(model, images[start : start + size], min_confidence)
    return answers


def _predict(model: Model, images: Sequence[Image], min_confidence: float | None) -> list[Answer]:
    """One call for all; when it raises, one call for each."""
    began = time.perf_counter()
    try:
        found = model.predict(images, min_confidence)
        if len(found) != len(images):
            raise ModelFailed(f"{len(found)} answers for {len(images)} pictures")  # noqa: TRY301 - as if it had raised
    except Exception as error:  # noqa: BLE001 - whatever a model raises is its answer for these pictures
        if len(images) > 1:
            logger.warning("%s failed on %d pictures, each is tried alone: %s", model.card.name, len(images), error)
            return [answer for image in images for answer in _predict(model, [image], min_confidence)]
        reason = f"{model.card.name} failed: {type(error).__name__}: {error}"
        logger.warning("%s", reason)
        return [Answer(error=reason, milliseconds=_since(began))]
    share = _since(began) / len(images)
    return [Answer(tuple(detections), None, share) for detections in found]


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
