"""Owns the YOLOX layout: raw box offsets, objectness and class scores over three grids."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np

from inference.arrays import Floats, Tensor
from inference.outputs.base import BoxesOutput, Candidates, centred, grid, pick


class YoloxOutput(BoxesOutput):
    """[N, cells, 5 + classes]: cx, cy, w, h raw, objectness and class scores with the sigmoid applied.

    Decoding after the YOLOX authors' `demo_postprocess`: xy = (o[:2] + grid) · stride, wh = exp(o[2:4]) · stride,
    score = objectness · class.
    """

    kind: Literal["yolox"]
    tensor: str = "output"
    strides: tuple[int, ...] = (8, 16, 32)

    @property
    def tensors(self) -> tuple[str, ...]:
        """One tensor."""
        return (self.tensor,)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture; only cells whose objectness passes are looked at, as no score exceeds it."""
        cells, strides = _cells(canvas, self.strides)
        raw = pick(outputs, self.tensor, None, len(cells), None)
        return [_decode_one(picture, cells, strides, threshold) for picture in raw]


@lru_cache(maxsize=16)
def _cells(canvas: tuple[int, int], strides: tuple[int, ...]) -> tuple[Floats, Floats]:
    """The cell [n, 2] and the stride [n, 1] of each row of the output."""
    grids = [grid(canvas[0] // stride, canvas[1] // stride) for stride in strides]
    sizes = [np.full((len(g), 1), stride, np.float32) for g, stride in zip(grids, strides, strict=True)]
    return np.concatenate(grids), np.concatenate(sizes)


def _decode_one(raw: Floats, cells: Floats, strides: Floats, threshold: float) -> Candidates:
    likely = np.flatnonzero(raw[:, 4] >= threshold)
    rows = raw[likely]
    classes = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + classes]
    keep = scores >= threshold
    rows, likely = rows[keep], likely[keep]
    stride = strides[likely]
    boxes = centred((rows[:, :2] + cells[likely]) * stride, np.exp(rows[:, 2:4]) * stride)
    return Candidates(boxes, scores[keep], classes[keep])
