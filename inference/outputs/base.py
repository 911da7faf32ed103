"""Owns what every output of boxes has in common: candidates, their selection, and the protocol of a decoder."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from inference.arrays import Floats, Tensor
from pipeline.contracts.errors import ModelFailed


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a model found in one picture, best first once `select` has been through.

    `boxes` is [n, 4] (x1, y1, x2, y2) in pixels of the picture as the model saw it, `scores` [n] is 0–1,
    `classes` [n] are 0-based, `points` is [n, k, 2] in the same pixels or None.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]
    points: Floats | None = None

    def take(self, index: NDArray[np.int64]) -> "Candidates":
        """The candidates at `index`, in that order."""
        points = None if self.points is None else self.points[index]
        return Candidates(self.boxes[index], self.scores[index], self.classes[index], points)


class Spec(BaseModel):
    """A part of a card: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BoxesOutput(Spec, ABC):
    """An output that holds boxes. A subclass is one known layout and what a card may say of it."""

    point_names: ClassVar[tuple[str, ...]] = ()
    """Names of the points that come with a box."""

    nms: float = Field(0.5, gt=0, le=1, description="overlap (IoU) above which the weaker box of a class is dropped")

    @property
    @abstractmethod
    def tensors(self) -> tuple[str, ...]:
        """The names of the tensors that `decode` reads."""

    @abstractmethod
    def decode(self, outputs: Mapping[str, Tensor], canvas: tuple[int, int], threshold: float) -> list[Candidates]:
        """The candidates of each picture of a batch with a score of at least `threshold`, overlaps included.

        `canvas` is the (height, width) that the model was fed. Raises ModelFailed for another shape than promised.
        """


def pick(outputs: Mapping[str, Tensor], name: str, *shape: int | None) -> Tensor:
    """The tensor `name`, of the shape promised (None: any). Raises ModelFailed otherwise."""
    tensor = outputs.get(name)
    if tensor is None:
        raise ModelFailed(f"the model gave no output named {name!r}, only {', '.join(outputs)}")
    if tensor.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, tensor.shape, strict=True)):
        raise ModelFailed(f"output {name!r} has shape {tensor.shape}, the card promises {shape}")
    return tensor


def select(found: Candidates, overlap: float, limit: int = 300) -> Candidates:
    """Greedy non-maximum suppression within each class: best first, at most `limit` of them.

    A weaker box never drops a stronger one, so a lower threshold before only adds boxes at the end.
    """
    order = np.argsort(-found.scores, kind="stable")[: limit * 4]
    if len(order) < 2:
        return found.take(order)
    ranked = found.take(order)
    clash = overlaps(ranked.boxes) > overlap
    clash &= ranked.classes[:, None] == ranked.classes[None, :]
    return ranked.take(_greedy(clash)[:limit])


def _greedy(clash: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices kept when each kept row drops the later ones that it clashes with."""
    alive = np.ones(len(clash), bool)
    for row in range(len(clash)):
        if alive[row]:
            alive[row + 1 :] &= ~clash[row, row + 1 :]
    return np.flatnonzero(alive)


def overlaps(boxes: Floats) -> Floats:
    """Intersection over union of each pair of boxes [n, 4] as [n, n]."""
    low, high = boxes[:, :2], boxes[:, 2:]
    sides = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    np.clip(sides, 0, None, out=sides)
    shared = sides[..., 0] * sides[..., 1]
    areas = np.prod(np.clip(high - low, 0, None), axis=1)
    union = areas[:, None] + areas[None] - shared
    result: Floats = shared / np.maximum(union, np.float32(1e-9))
    return result


def centred(centres: Floats, sizes: Floats) -> Floats:
    """Boxes [n, 4] (x1, y1, x2, y2) from centres [n, 2] and sizes [n, 2]."""
    half = sizes * np.float32(0.5)
    return np.concatenate((centres - half, centres + half), axis=1)


@lru_cache(maxsize=64)
def grid(height: int, width: int) -> Floats:
    """Cells of a grid, row by row: [height · width, 2] as (column, row). It is shared: not to be written to."""
    rows, columns = np.mgrid[:height, :width]
    cells = np.stack((columns.ravel(), rows.ravel()), axis=1).astype(np.float32)
    cells.flags.writeable = False
    return cells


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Candidates of several scales as one."""
    points = [part.points for part in parts if part.points is not None]
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate(points) if points else None,
    )
