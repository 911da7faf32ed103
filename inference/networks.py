"""Owns the models that run a network: the detector of boxes and the classifier of whole pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from inference.ahead import Ahead
from inference.arrays import Floats, Image, Tensor
from inference.cards import Card
from inference.outputs import BoxesOutput, Candidates, ScoresOutput, select
from inference.prepared import Prepared, PreparedInputs, prepare
from inference.runtimes import Runtime
from inference.tensors import Placement
from pipeline.contracts.errors import ModelFailed
from pipeline.contracts.results import Box, Detection


class Networked:
    """What models with a runtime share: inputs, made now or prepared before, and a batch limit."""

    def __init__(self, card: Card, runtime: Runtime, limit: int) -> None:
        self.card = card
        self._input = runtime.input
        self._runtime = runtime
        self._limit = limit
        self._ahead = PreparedInputs()

    @property
    def device(self) -> str:
        """Where it runs, as its runtime names it."""
        return self._runtime.device

    def expect(self, images: Sequence[Image], ahead: Ahead) -> None:
        """Prepare the input of pictures that `predict` will be given, all of them together."""
        self._ahead.put(images, list(prepare(self._input, images, self._limit, ahead.each)))

    def _outputs(self, images: Sequence[Image]) -> Iterator[tuple[Prepared, Mapping[str, Tensor]]]:
        """What the network answers, a batch after the other."""
        for batch in self._ahead.take(images) or prepare(self._input, images, self._limit):
            yield batch, self._runtime.run({self._input.name: batch.tensor})


class Detector(Networked):
    """Finds boxes: faces and objects."""

    def __init__(self, card: Card, output: BoxesOutput, runtime: Runtime, limit: int) -> None:
        super().__init__(card, runtime, limit)
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """Boxes with labels in each picture; faces carry landmarks as attributes `<name>_x`, `<name>_y`."""
        threshold = self.card.min_confidence if min_confidence is None else min_confidence
        answers: list[list[Detection]] = [[] for _ in images]
        for batch, outputs in self._outputs(images):
            found = self._output.decode(outputs, batch.canvas, threshold)
            if len(found) != len(batch.indices):
                raise ModelFailed(f"{self.card.name} answered {len(found)} of {len(batch.indices)} pictures")
            for i, spot, candidates in zip(batch.indices, batch.places, found, strict=True):
                answers[i] = self._detections(select(candidates, self._output.nms), spot)
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


class Classifier(Networked):
    """Says what a whole picture shows, such as the emotion of a face."""

    def __init__(self, card: Card, output: ScoresOutput, runtime: Runtime, limit: int) -> None:
        super().__init__(card, runtime, limit)
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """The strongest label of each picture, all labels as attributes; nothing where it is too weak."""
        threshold = self.card.min_confidence if min_confidence is None else min_confidence
        answers: list[list[Detection]] = [[] for _ in images]
        for batch, outputs in self._outputs(images):
            scores = self._output.decode(outputs, len(self.card.labels))
            if len(scores) != len(batch.indices):
                raise ModelFailed(f"{self.card.name} answered {len(scores)} of {len(batch.indices)} pictures")
            for i, row in zip(batch.indices, _rounded(scores), strict=True):
                best = Detection(
                    *max(zip(self.card.labels, row, strict=True), key=lambda pair: pair[1]),
                    None,
                    dict(zip(self.card.labels, row, strict=True)),
                )
                answers[i] = [best] if best.confidence >= threshold else []
        return answers


def _rounded(values: Floats) -> list[Any]:
    """Numbers cut (not rounded up over a threshold) to four digits, as nested lists."""
    cut: list[Any] = (np.floor(values.astype(np.float64) * 1e4 + 1e-3) / 1e4).tolist()
    return cut
