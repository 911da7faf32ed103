"""Owns what a card may say of dominant colours. There are no weights and no tensors."""

from typing import Literal

from pydantic import Field

from inference.outputs.base import Spec


class ColorsOutput(Spec):
    """k-means over a small copy of the picture in CIE L*a*b*."""

    kind: Literal["dominant_colors"]
    colors: int = Field(8, ge=1, le=16, description="answered at most")
    clusters: int = Field(16, ge=1, le=64, description="searched for, before near ones are merged")
    side: int = Field(64, ge=8, le=512, description="pixels of the longer side of the small copy")
    lightness: float = Field(0.5, gt=0, le=1, description="weight of L* beside a* and b*: shading splits hues less")
    merge_distance: float = Field(14.0, ge=0, description="weighted difference under which two colours are one")
    merge_lightness: float = Field(30.0, ge=0, description="difference in L* (0–100) from which they stay two")
    vivid: float = Field(12.0, gt=0, description="chroma that counts as much as share when choosing which to answer")
    seed: int = 1
