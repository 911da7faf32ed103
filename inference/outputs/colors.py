"""Owns what a card may say of dominant colours. There are no weights and no tensors."""

from typing import Literal

from pydantic import Field

from inference.outputs.base import Spec


class ColorsOutput(Spec):
    """k-means over a small copy of the picture in CIE L*a*b*."""

    kind: Literal["dominant_colors"]
    colors: int = Field(5, ge=1, le=16, description="answered at most")
    clusters: int = Field(8, ge=1, le=64, description="searched for, before near ones are merged")
    side: int = Field(64, ge=8, le=512, description="pixels of the longer side of the small copy")
    merge_distance: float = Field(12.0, ge=0, description="CIE76 difference under which two colours are one")
    seed: int = 1
