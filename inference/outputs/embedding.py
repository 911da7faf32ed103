"""Owns the output of a face embedder: one vector a face."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from inference.arrays import Floats, Tensor
from inference.outputs.base import Spec, pick


class EmbeddingOutput(Spec):
    """[N, dimensions]: faces of one person lie near each other by angle."""

    kind: Literal["embedding"]
    tensor: str
    dimensions: int = Field(ge=8, le=4096)
    zoom: float = Field(
        1.0, gt=0, le=2, description="of the face in its aligned picture: 1 as in ArcFace's, less shows more around it"
    )
    false_accepts: float | None = Field(
        None, ge=0, le=1, description="share of pairs of two people that reach the threshold, as measured"
    )
    accepts: float | None = Field(None, ge=0, le=1, description="share of pairs of one person that do")

    @property
    def tensors(self) -> tuple[str, ...]:
        """One tensor."""
        return (self.tensor,)

    def decode(self, outputs: Mapping[str, Tensor]) -> Floats:
        """Vectors [N, dimensions] of length 1, float32."""
        raw: Floats = pick(outputs, self.tensor, None, self.dimensions).astype(np.float32, copy=False)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        result: Floats = raw / np.maximum(lengths, np.float32(1e-9))
        return result
