"""Owns the output of a classifier: one probability a label."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from inference.arrays import Floats, Tensor
from inference.outputs.base import Spec, pick


class ScoresOutput(Spec):
    """[N, labels]: probabilities, or logits that `softmax` turns into them."""

    kind: Literal["scores"]
    tensor: str = "scores"
    softmax: bool = False

    @property
    def tensors(self) -> tuple[str, ...]:
        """One tensor."""
        return (self.tensor,)

    def decode(self, outputs: Mapping[str, Tensor], labels: int) -> Floats:
        """Probabilities [N, labels], float32."""
        raw: Floats = pick(outputs, self.tensor, None, labels).astype(np.float32, copy=False)
        if not self.softmax:
            return raw
        raised = np.exp(raw - raw.max(axis=1, keepdims=True))
        result: Floats = raised / raised.sum(axis=1, keepdims=True)
        return result
