"""Owns the models that run a network: the detector of boxes and the classifier of whole pictures."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from inference.arrays import Floats, Image
from inference.cards import Card, InputSpec
from inference.outputs import BoxesOutput, Candidates, ScoresOutput, select
from inference.runtimes import Runtime
from inference.tensors import Placement, fill, place
from pipeline.contracts.errors import ModelFailed, ModelUnavailable
from pipeline.contracts.results import Box, Detection


class _Networked:
    """What models with a runtime share: a checked input and a batch limit."""

    def __init__(self, card: Card, runtime: Runtime, limit: int) -> None:
        if card.input is None:
            raise ModelUnavailable(f"the card of {card.name} has no input")
        self.card = card
        self._input: InputSpec = card.input
        self._runtime = runtime
        self._limit = limit

    @property
    def device(self) -> str:
        """Where it runs, as its runtime names it."""
        return self._runtime.device


class Detector(_Networked):
    """Finds boxes: faces and objects."""

    def __init__(self, card: Card, output: BoxesOutput, runtime: Runtime, limit: int) -> None:
        super().__init__(card, runtime, limit)
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """Boxes with labels in each picture; faces carry landmarks as attributes `<name>_x`, `<name>_y`."""
        threshold = self.card.min_confidence if min_confidence is None else min_confidence
        places = [place(self._input, image) for image in images]
        answers: list[list[Detection]] = [[] for _ in images]
        for indices in _batches(places, self._limit):
            spots = [places[i] for i in indices]
            tensor = fill(self._input, [images[i] for i in indices], spots)
            outputs = self._runtime.run({self._input.name: tensor})
            found = self._output.decode(outputs, spots[0].canvas, threshold)
            if len(found) != len(indices):
                raise ModelFailed(f"{self.card.name} answered {len(found)} of {len(indices)} pictures")
            for i, candidates in zip(indices, found, strict=True):
                answers[i] = self._detections(select(candidates, self._output.nms), places[i])
        return answers

    def _detections(self, found: Candidates, spot: Placement) -> list[Detection]:
        if not len(found.scores):
            return []
        corners = np.clip(spot.fractions(found.boxes.reshape(-1, 2, 2)), 0, 1)
        boxes = np.concatenate((corners[:, 0], corners[:, 1] - corners[:, 0]), axis=1)
        attributes = self._landmarks(found, spot)
        return [
            Detection(self._label(kind), score, Box(*box), marks)
            for kind, score, box, marks in zip(
                found.classes.tolist(), _rounded(found.scores), _rounded(boxes), attributes, strict=True
            )
            if box[2] > 0 and box[3] > 0
        ]

    def _landmarks(self, found: Candidates, spot: Placement) -> Iterable[dict[str, float]]:
        if found.points is None:
            return [{}] * len(found.scores)
        names = [f"{name}_{axis}" for name in self._output.point_names for axis in "xy"]
        flat = np.clip(spot.fractions(found.points), 0, 1).reshape(len(found.points), -1)
        return [dict(zip(names, row, strict=True)) for row in _rounded(flat)]

    def _label(self, index: int) -> str:
        if not 0 <= index < len(self.card.labels):
            raise ModelFailed(f"{self.card.name} answered class {index}; its card has {len(self.card.labels)} labels")
        return self.card.labels[index]


class Classifier(_Networked):
    """Says what a whole picture shows, such as the emotion of a face."""

    def __init__(self, card: Card, output: ScoresOutput, runtime: Runtime, limit: int) -> None:
        super().__init__(card, runtime, limit)
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """The strongest label of each picture, all labels as attributes; nothing where it is too weak."""
        threshold = self.card.min_confidence if min_confidence is None else min_confidence
        places = [place(self._input, image) for image in images]
        answers: list[list[Detection]] = [[] for _ in images]
        for indices in _batches(places, self._limit):
            tensor = fill(self._input, [images[i] for i in indices], [places[i] for i in indices])
            scores = self._output.decode(self._runtime.run({self._input.name: tensor}), len(self.card.labels))
            if len(scores) != len(indices):
                raise ModelFailed(f"{self.card.name} answered {len(scores)} of {len(indices)} pictures")
            for i, row in zip(indices, _rounded(scores), strict=True):
                best = Detection(
                    *max(zip(self.card.labels, row, strict=True), key=lambda pair: pair[1]),
                    None,
                    dict(zip(self.card.labels, row, strict=True)),
                )
                answers[i] = [best] if best.confidence >= threshold else []
        return answers


def _batches(places: Sequence[Placement], limit: int) -> Iterable[list[int]]:
    """Indices of pictures that share a canvas, at most `limit` together."""
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for index, spot in enumerate(places):
        groups[spot.canvas].append(index)
    for group in groups.values():
        yield from (group[start : start + limit] for start in range(0, len(group), limit))


def _rounded(values: Floats) -> list[Any]:
    """Numbers cut (not rounded up over a threshold) to four digits, as nested lists."""
    cut: list[Any] = (np.floor(values.astype(np.float64) * 1e4 + 1e-3) / 1e4).tolist()
    return cut
