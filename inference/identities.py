"""Owns whose the faces are that were found: aligned faces in, faces' boxes with names out."""

from collections.abc import Sequence

import numpy as np

from inference.alignment import frontality
from inference.arrays import Floats, Image
from inference.batches import Answer, predict_all
from inference.embedder import aligned_for
from inference.gallery import Gallery, KnownFaces, assigned
from inference.models import Model
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import UNKNOWN, Detection, Identification, TaskRequest


def read_identities(
    model: Model, gallery: Gallery, request: TaskRequest, images: Sequence[Image], faces: Sequence[Answer]
) -> list[Answer]:
    """For each picture whose its faces are; those of all pictures go to the model together.

    A picture whose faces could not be found, or one of whose faces fails, is a failed answer. So are all where nobody
    can say who is known.
    """
    asked = request.identification or Identification("")
    try:
        known = gallery.known(asked.collections, model.card.digest)
        aligned = [
            [aligned_for(model.card, image, face) for face in answer.detections]
            for image, answer in zip(images, faces, strict=True)
        ]
    except FramewiseError as error:
        return [Answer(error=str(error))] * len(images)
    said = iter(predict_all(model, [face for some in aligned for face in some], None, request.max_batch_size))
    least = model.card.min_confidence if request.min_confidence is None else request.min_confidence
    return [
        _named(answer, [next(said) for _ in answer.detections], image, known, least, asked.search)
        for answer, image in zip(faces, images, strict=True)
    ]


def _named(
    faces: Answer, said: Sequence[Answer], image: Image, known: KnownFaces, least: float, search: bool
) -> Answer:
    """The faces of one picture, named."""
    spent = sum(answer.milliseconds for answer in said)
    error = faces.error or next((answer.error for answer in said if answer.error), None)
    if error or not said:
        return Answer(error=error, milliseconds=spent)
    embeddings = [found.embedding or b"" for answer in said for found in answer.detections]
    alike = known.similarities(np.stack([np.frombuffer(raw, np.float32) for raw in embeddings]))
    owners = assigned(alike, least)
    height, width = image.shape[:2]
    return Answer(
        tuple(
            _detection(face, row, owner, known, frontality(face, width, height), raw if search else None)
            for face, row, owner, raw in zip(faces.detections, alike, owners, embeddings, strict=True)
        ),
        None,
        spent,
    )


def _detection(
    face: Detection, alike: Floats, owner: int | None, known: KnownFaces, frontal: float, embedding: bytes | None
) -> Detection:
    best = float(alike.max()) if len(alike) else 0.0
    similarity = round(float(alike[owner]) if owner is not None else best, 4)
    person_id, name = known.people[owner] if owner is not None else (None, UNKNOWN)
    marks = {"similarity": similarity, "frontality": frontal}
    return Detection(name, min(1.0, max(0.0, similarity)), face.box, marks, person_id, embedding)
