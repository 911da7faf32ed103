"""Owns the BlazeFace layout: anchors over two grids, six landmarks a face."""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from inference.arrays import Floats, Tensor
from inference.outputs.base import BoxesOutput, Candidates, centred, grid, pick


class BlazefaceOutput(BoxesOutput):
    """Logits [N, anchors, 1] and boxes with six points [N, anchors, 16] of a near and a far grid.

    Decoding after MediaPipe's TensorsToDetectionsCalculator with the back model's options: anchors sit at the
    centres of a 16×16 grid (two each) and an 8×8 grid (six each); centre = b[:2] + anchor, size = b[2:4], in pixels.
    """

    point_names: ClassVar[tuple[str, ...]] = ("right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear")

    kind: Literal["blazeface"]
    scores: tuple[str, str]
    boxes: tuple[str, str]
    nms: float = 0.3

    @property
    def tensors(self) -> tuple[str, ...]:
        """Two tensors a grid."""
        return (*self.scores, *self.boxes)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture."""
        anchors = _anchors(canvas)
        logits = np.concatenate([pick(outputs, name, None, None, 1) for name in self.scores], axis=1)[..., 0]
        raw = np.concatenate([pick(outputs, name, None, None, 16) for name in self.boxes], axis=1)
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        return [_decode_one(s, r, anchors, threshold) for s, r in zip(scores, raw, strict=True)]


@lru_cache(maxsize=4)
def _anchors(canvas: tuple[int, int]) -> Floats:
    """The centre of each anchor [896, 2] in pixels."""
    size = np.array([canvas[1], canvas[0]], np.float32)
    near = np.repeat((grid(16, 16) + np.float32(0.5)) / 16, 2, axis=0)
    far = np.repeat((grid(8, 8) + np.float32(0.5)) / 8, 6, axis=0)
    anchors: Floats = (np.concatenate((near, far)) * size).astype(np.float32)
    return anchors


def _decode_one(scores: Floats, raw: Floats, anchors: Floats, threshold: float) -> Candidates:
    index = np.flatnonzero(scores >= threshold)
    rows, at = raw[index], anchors[index]
    boxes = centred(rows[:, :2] + at, rows[:, 2:4])
    points = rows[:, 4:].reshape(-1, 6, 2) + at[:, None]
    return Candidates(boxes, scores[index], np.zeros(len(index), np.int64), points)
