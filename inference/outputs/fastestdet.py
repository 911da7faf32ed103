"""Owns the FastestDet layout: one grid of objectness, box and class planes."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from inference.arrays import Floats, Tensor
from inference.outputs.base import BoxesOutput, Candidates, centred, pick


class FastestdetOutput(BoxesOutput):
    """[N, 5 + classes, rows, columns]: objectness, x, y, w, h raw, classes.

    Decoding after the FastestDet authors' onnx-runtime example: cx = (column + tanh x) / columns,
    w = sigmoid(w), score = objectness^0.6 · class^0.4.
    """

    kind: Literal["fastestdet"]
    tensor: str
    nms: float = 0.45

    @property
    def tensors(self) -> tuple[str, ...]:
        """One tensor."""
        return (self.tensor,)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture."""
        raw = pick(outputs, self.tensor, None, None, None, None)
        return [_decode_one(picture, canvas, threshold) for picture in raw]


def _decode_one(planes: Floats, canvas: tuple[int, int], threshold: float) -> Candidates:
    _, rows, columns = planes.shape
    cells = planes.reshape(len(planes), -1).T
    classes = cells[:, 5:].argmax(axis=1)
    best = cells[np.arange(len(cells)), 5 + classes]
    scores = np.clip(cells[:, 0], 0, 1) ** np.float32(0.6) * np.clip(best, 0, 1) ** np.float32(0.4)
    index = np.flatnonzero(scores >= threshold)
    kept = cells[index]
    size, counts = np.array([canvas[1], canvas[0]], np.float32), np.array([columns, rows], np.float32)
    place = np.stack((index % columns, index // columns), axis=1)
    centres = ((place + np.tanh(kept[:, 1:3])) / counts * size).astype(np.float32)
    sizes = (size / (1 + np.exp(-kept[:, 3:5]))).astype(np.float32)
    return Candidates(centred(centres, sizes), scores[index], classes[index])
