"""Owns outputs whose boxes are already decoded: one packed tensor, or one tensor each for boxes, scores, classes."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from inference.arrays import Floats, Tensor
from inference.outputs.base import BoxesOutput, Candidates, pick

Order = Literal["xyxy", "yxyx"]
Unit = Literal["pixel", "fraction"]


class PackedBoxesOutput(BoxesOutput):
    """[N, n, 6]: four corners, score, class, as CenterNet exports give it."""

    kind: Literal["packed_boxes"]
    tensor: str
    order: Order = "xyxy"
    unit: Unit = "pixel"
    first_class: int = 0

    @property
    def tensors(self) -> tuple[str, ...]:
        """One tensor."""
        return (self.tensor,)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture."""
        rows = pick(outputs, self.tensor, None, None, 6)
        scale = _scale(self.unit, canvas)
        return [_found(r[:, :4], r[:, 4], r[:, 5] - self.first_class, self.order, scale, threshold) for r in rows]


class SeparateBoxesOutput(BoxesOutput):
    """Boxes [N, n, 4], scores [N, n], classes [N, n], as the TensorFlow detection models give them."""

    kind: Literal["boxes"]
    boxes: str = "detection_boxes"
    scores: str = "detection_scores"
    classes: str = "detection_classes"
    order: Order = "yxyx"
    unit: Unit = "fraction"
    first_class: int = 1

    @property
    def tensors(self) -> tuple[str, ...]:
        """Three tensors."""
        return (self.boxes, self.scores, self.classes)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture."""
        boxes = pick(outputs, self.boxes, None, None, 4)
        scores = pick(outputs, self.scores, *boxes.shape[:2])
        classes = pick(outputs, self.classes, *boxes.shape[:2]) - self.first_class
        scale = _scale(self.unit, canvas)
        return [_found(b, s, c, self.order, scale, threshold) for b, s, c in zip(boxes, scores, classes, strict=True)]


def _scale(unit: Unit, canvas: tuple[int, int]) -> Floats:
    """What (x, y) corners are multiplied by to be pixels of the canvas."""
    return np.array([canvas[1], canvas[0]] * 2 if unit == "fraction" else [1] * 4, np.float32)


def _found(
    corners: Tensor, scores: Tensor, classes: Tensor, order: Order, scale: Floats, threshold: float
) -> Candidates:
    index = np.flatnonzero(scores >= threshold)
    columns = [0, 1, 2, 3] if order == "xyxy" else [1, 0, 3, 2]
    boxes = corners[index][:, columns].astype(np.float32, copy=False) * scale
    return Candidates(boxes, scores[index].astype(np.float32, copy=False), classes[index].astype(np.int64))
