"""Owns looking at one picture: its faces, how good they are, and their vectors by every embedding model."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from inference.alignment import TEMPLATE, aligned, frontality
from inference.arrays import Image
from inference.cards import Card, read_cards
from inference.embedder import aligned_for
from inference.models import Model, load_model
from inference.outputs import EmbeddingOutput
from inference.portraits.pictures import face_picture, read_picture, sharpness
from inference.runtimes import Compute
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.portraits.faces import EmbeddingModel, Portrait, PortraitFace, PortraitsUnavailable

logger = logging.getLogger(__name__)

MOST_FACES = 20
LEAST_OVERLAP = 0.2
POINTS = tuple(name for name in TEMPLATE if name != "mouth")


class PortraitReader:
    """The face model and every embedding model that can be had, loaded. For one thread."""

    def __init__(self, cards_dir: Path, weights_dir: Path, mirror: Path | None = None) -> None:
        """Load them; raises PortraitsUnavailable without a face model or without any embedding model."""
        cv2.setNumThreads(1)
        cards, weights = read_cards(cards_dir), Weights(weights_dir, mirror)
        faces, wrong = _loaded([card for card in cards if card.task is TaskName.FACES], weights, one=True)
        self._embedders, self.missing = _loaded([c for c in cards if c.task is TaskName.IDENTITIES], weights)
        for found, why in ((faces, wrong), (self._embedders, self.missing)):
            if not found:
                raise PortraitsUnavailable("; ".join(why.values()) or "there is no card for such a model")
        self._faces = faces[0]

    def read(self, data: bytes, box: Box | None = None) -> Portrait:
        """What a picture shows; raises PictureUnreadable."""
        image = read_picture(data)
        found = self._faces.predict([image])[0]
        if box is not None:
            found = sorted(found, key=lambda face: _overlap(face.box, box))[-1:]
            found = [face for face in found if _overlap(face.box, box) >= LEAST_OVERLAP]
        found.sort(key=lambda face: _area(face.box), reverse=True)
        height, width = image.shape[:2]
        faces = tuple(self._face(image, face, face.box) for face in found[:MOST_FACES] if face.box is not None)
        return Portrait(width, height, faces, tuple(_model(m.card) for m in self._embedders), self.missing)

    def _face(self, image: Image, face: Detection, box: Box) -> PortraitFace:
        height, width = image.shape[:2]
        marks = face.attributes
        return PortraitFace(
            box,
            face.confidence,
            tuple((marks[f"{name}_x"], marks[f"{name}_y"]) for name in POINTS if f"{name}_x" in marks),
            round(min(box.width * width, box.height * height)),
            sharpness(aligned(image, face)),
            frontality(face, width, height),
            face_picture(image, box),
            {model.card.digest: _vector(model, image, face) for model in self._embedders},
        )


def _loaded(cards: Sequence[Card], weights: Weights, one: bool = False) -> tuple[list[Model], Mapping[str, str]]:
    """The models that can be had, the first only if `one` is enough, and why others cannot."""
    models: list[Model] = []
    missing: dict[str, str] = {}
    for card in cards:
        if one and models:
            break
        try:
            models.append(load_model(card, weights.ensure(card), Compute()))
        except ModelUnavailable as error:
            logger.warning("%s is left out: %s", card.name, error)
            missing[card.name] = str(error)
    return models, missing


def _vector(model: Model, image: Image, face: Detection) -> bytes:
    [[found]] = model.predict([aligned_for(model.card, image, face)])
    return found.embedding or b""


def _model(card: Card) -> EmbeddingModel:
    size = card.output.dimensions if isinstance(card.output, EmbeddingOutput) else 0
    return EmbeddingModel(card.name, card.digest, size, card.min_confidence)


def _area(box: Box | None) -> float:
    return box.width * box.height if box else 0.0


def _overlap(face: Box | None, box: Box) -> float:
    """How much of the smaller of the two the other covers."""
    if face is None:
        return 0.0
    return face.shared(box) / max(1e-9, min(_area(face), _area(box)))
