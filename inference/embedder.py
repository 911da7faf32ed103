"""Owns the model that turns aligned faces into vectors."""

from collections.abc import Sequence

from inference.alignment import aligned
from inference.arrays import Image
from inference.cards import Card
from inference.networks import Networked
from inference.outputs import EmbeddingOutput
from inference.runtimes import Runtime
from pipeline.contracts.errors import ModelFailed
from pipeline.contracts.results import Detection


class Embedder(Networked):
    """Turns each aligned face into one detection that carries its vector, of length 1."""

    def __init__(self, card: Card, output: EmbeddingOutput, runtime: Runtime, limit: int) -> None:
        super().__init__(card, runtime, limit)
        self._output = output

    def predict(self, images: Sequence[Image], min_confidence: float | None = None) -> list[list[Detection]]:
        """The vector of each aligned face; whether it is anybody's is not asked here."""
        answers: list[list[Detection]] = [[] for _ in images]
        for batch, outputs in self._outputs(images):
            vectors = self._output.decode(outputs)
            if len(vectors) != len(batch.indices):
                raise ModelFailed(f"{self.card.name} answered {len(vectors)} of {len(batch.indices)} faces")
            for index, vector in zip(batch.indices, vectors, strict=True):
                answers[index] = [Detection("face", 1.0, embedding=vector.tobytes())]
        return answers


def aligned_for(card: Card, image: Image, face: Detection) -> Image:
    """The face as this model wants to see it. Raises ModelFailed for a face without landmarks."""
    if not isinstance(card.output, EmbeddingOutput) or card.input is None:
        raise ModelFailed(f"{card.name} does not embed faces")
    return aligned(image, face, card.input.width, card.output.zoom)
