"""Owns the YuNet layout: faces with five landmarks over three grids."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np

from inference.arrays import Tensor
from inference.outputs.base import BoxesOutput, Candidates, centred, grid, joined, pick


class YunetOutput(BoxesOutput):
    """Tensors cls_S, obj_S [N, cells, 1], bbox_S [N, cells, 4] and kps_S [N, cells, 10] for each stride S.

    Decoding after OpenCV's FaceDetectorYN: score = sqrt(cls · obj), centre = (grid + b[:2]) · S,
    size = exp(b[2:]) · S, landmarks = (k + grid) · S.
    """

    point_names: ClassVar[tuple[str, ...]] = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")

    kind: Literal["yunet"]
    nms: float = 0.3
    strides: tuple[int, ...] = (8, 16, 32)

    @property
    def tensors(self) -> tuple[str, ...]:
        """Four tensors a stride."""
        return tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in self.strides)

    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """Candidates by picture, of all strides together."""
        scales = [_decode_stride(outputs, canvas, stride, threshold) for stride in self.strides]
        return [joined(parts) for parts in zip(*scales, strict=True)]


def _decode_stride(
    outputs: Mapping[str, Tensor], canvas: tuple[int, int], stride: int, threshold: float
) -> list[Candidates]:
    cells = grid(canvas[0] // stride, canvas[1] // stride)
    count = len(cells)
    certain = pick(outputs, f"cls_{stride}", None, count, 1) * pick(outputs, f"obj_{stride}", None, count, 1)
    scores = np.sqrt(np.clip(certain[..., 0], 0, 1))
    sizes, points = pick(outputs, f"bbox_{stride}", None, count, 4), pick(outputs, f"kps_{stride}", None, count, 10)
    return [
        _decode_one(s, b, k, cells, np.float32(stride), threshold)
        for s, b, k in zip(scores, sizes, points, strict=True)
    ]


def _decode_one(
    scores: Tensor, raw: Tensor, points: Tensor, cells: Tensor, stride: np.float32, threshold: float
) -> Candidates:
    index = np.flatnonzero(scores >= threshold)
    here, box = cells[index], raw[index]
    boxes = centred((here + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride)
    marks = (points[index].reshape(-1, 5, 2) + here[:, None]) * stride
    return Candidates(boxes, scores[index], np.zeros(len(index), np.int64), marks)
