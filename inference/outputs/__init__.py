"""The known kinds of output. A card names one; a new kind is a class here and a line in `Output`."""

from typing import Annotated

from pydantic import Field

from inference.outputs.base import BoxesOutput, Candidates, select
from inference.outputs.blazeface import BlazefaceOutput
from inference.outputs.boxes import PackedBoxesOutput, SeparateBoxesOutput
from inference.outputs.colors import ColorsOutput
from inference.outputs.embedding import EmbeddingOutput
from inference.outputs.fastestdet import FastestdetOutput
from inference.outputs.scores import ScoresOutput
from inference.outputs.yolox import YoloxOutput
from inference.outputs.yunet import YunetOutput

Output = Annotated[
    YunetOutput
    | BlazefaceOutput
    | YoloxOutput
    | FastestdetOutput
    | PackedBoxesOutput
    | SeparateBoxesOutput
    | ScoresOutput
    | EmbeddingOutput
    | ColorsOutput,
    Field(discriminator="kind"),
]

__all__ = ["BoxesOutput", "Candidates", "ColorsOutput", "EmbeddingOutput", "Output", "ScoresOutput", "select"]
