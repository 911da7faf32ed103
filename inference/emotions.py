"""Owns the emotions of the faces found: crops in, faces' boxes with emotions out."""

from collections.abc import Sequence
from dataclasses import replace

from inference.arrays import Image
from inference.batches import Answer, predict_all
from inference.models import Model
from pipeline.contracts.results import Box, Detection


def read_emotions(
    model: Model,
    images: Sequence[Image],
    faces: Sequence[Answer],
    min_confidence: float | None = None,
    max_batch_size: int | None = None,
) -> list[Answer]:
    """For each picture the emotion of each of its faces, the crops of all pictures going to the model together.

    A picture whose faces could not be found, or one of whose faces fails, is a failed answer.
    """
    owners = [(index, face) for index, answer in enumerate(faces) for face in answer.detections]
    crops = [crop(images[index], face.box) for index, face in owners if face.box]
    said = predict_all(model, crops, min_confidence, max_batch_size)
    mine: list[list[tuple[Detection, Answer]]] = [[] for _ in images]
    for (index, face), answer in zip(owners, said, strict=True):
        mine[index].append((face, answer))
    return [_gathered(found, pairs) for found, pairs in zip(faces, mine, strict=True)]


def crop(image: Image, box: Box) -> Image:
    """The part of the picture in a box, at least one pixel."""
    height, width = image.shape[:2]
    left, top = min(int(box.x * width), width - 1), min(int(box.y * height), height - 1)
    right, bottom = round((box.x + box.width) * width), round((box.y + box.height) * height)
    return image[top : max(bottom, top + 1), left : max(right, left + 1)]


def _gathered(faces: Answer, pairs: Sequence[tuple[Detection, Answer]]) -> Answer:
    spent = sum(answer.milliseconds for _, answer in pairs)
    error = faces.error or next((answer.error for _, answer in pairs if answer.error), None)
    if error:
        return Answer(error=error, milliseconds=spent)
    return Answer(tuple(replace(d, box=face.box) for face, a in pairs for d in a.detections), None, spent)
