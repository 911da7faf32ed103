"""Owns the analysis of frames: each JPEG decoded once, each task a batch a model, never an exception."""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2

from inference.ahead import Ahead, Alone, Beside
from inference.arrays import Image
from inference.batches import Answer, predict_all
from inference.cards import read_cards
from inference.chunks import Chunk
from inference.emotions import read_emotions
from inference.faces import ON_FACES, reaching, threshold
from inference.gallery import FixedGallery, Gallery
from inference.identities import read_identities
from inference.images import MAX_PIXELS
from inference.models import Foreseeing
from inference.runtimes import Compute
from inference.shelf import ModelShelf
from inference.timed import Heard, nobody
from inference.weights import Weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import FrameResult, ModelInfo, ResultStatus, TaskName, TaskRequest
from pipeline.contracts.settings import PathSettings

logger = logging.getLogger(__name__)

FRAMES_ON_CPU, FRAMES_ON_GPU = 8, 64
"""Frames whose pixels are in memory together: a few batches of the models. Beside a GPU there are twice as many."""
NOBODY = FixedGallery()
BESIDE_GPU = 8
"""Threads that decode and scale for a GPU, at most: one a core."""


class Analyzer:
    """Finds what was asked for in frames. One a worker process, used by one thread; models load when first needed.

    Faces are found once a frame for the faces, the emotions and the identities task. Emotions and identities look at
    the faces that reach the face card's own threshold, whatever threshold the faces task was given: so the rows of a
    task depend on its own options only. The `min_confidence` of the emotions task is that of the emotion, that of the
    identities task the similarity from which a face is a person's.
    """

    def __init__(
        self,
        cards_dir: Path,
        weights_dir: Path,
        mirror: Path | None = None,
        *,
        gpu: bool = False,
        threads: int = 1,
        max_pixels: int = MAX_PIXELS,
        heard: Heard = nobody,
        rehearsal: bool = False,
        gallery: Gallery = NOBODY,
    ) -> None:
        """Read the cards; raises ModelUnavailable for a wrong one. Binds OpenCV to `threads` in this process.

        `heard` is told of every call of a model. With `gpu`, frames are decoded beside the GPU's work; a `rehearsal`
        does all that without one. `gallery` knows the people whom faces are compared with.
        """
        cv2.setNumThreads(threads)
        compute = Compute(gpu, threads, rehearsal)
        self._shelf = ModelShelf(read_cards(cards_dir), Weights(weights_dir, mirror), compute, heard)
        self._gallery = gallery
        self._max_pixels = max_pixels
        self._together = FRAMES_ON_GPU if gpu else FRAMES_ON_CPU
        self._ahead: Ahead = Beside(min(BESIDE_GPU, os.cpu_count() or 1)) if gpu else Alone()

    @classmethod
    def from_settings(
        cls,
        paths: PathSettings,
        *,
        gpu: bool = False,
        threads: int = 1,
        heard: Heard = nobody,
        gallery: Gallery = NOBODY,
    ) -> "Analyzer":
        """The analyzer for the folders of the settings."""
        return cls(
            paths.models_dir, paths.weights_dir, paths.mirror, gpu=gpu, threads=threads, heard=heard, gallery=gallery
        )

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        """Fetch, load and run the models of `tasks`; those that cannot be had are logged and left out."""
        infos = []
        for task in tasks:
            try:
                infos.append(self._shelf.info(task))
                if task in ON_FACES:
                    self._shelf.info(TaskName.FACES)
            except ModelUnavailable:
                logger.warning("%s has no model: its results will fail until there is one", task.value)
        return infos

    def analyze(
        self, frames: Sequence[Frame], beat: Callable[[], None] = lambda: None
    ) -> list[tuple[FrameResult, ...]]:
        """For each frame, in order, a result for each of its tasks, in their order. Never raises.

        A JPEG that cannot be read and a model that cannot be had or that raises are failed results with the reason.
        A frame that is to be stored blurred has one result more, the last: the faces to hide, also unsure ones.
        `beat` is called before every few frames.
        """
        chunks = (frames[start : start + self._together] for start in range(0, len(frames), self._together))
        found: list[tuple[FrameResult, ...]] = []
        for chunk in self._ahead.prepared(self._prepare, chunks):
            beat()
            found.extend(self._analyze(chunk))
        return found

    def _prepare(self, frames: Sequence[Frame]) -> Chunk:
        """Decode frames and, beside a GPU, make the models' input of them."""
        chunk = Chunk.read(frames, self._ahead, self._max_pixels)
        if isinstance(self._ahead, Beside):
            self._expect(chunk)
        return chunk

    def _expect(self, chunk: Chunk) -> None:
        """Tell the models which pictures they will be asked about."""
        asked = [(TaskName.FACES, indices) for indices in chunk.face_needs(self._face_threshold).values()]
        asked += [
            (request.name, indices)
            for request, indices in chunk.asked().items()
            if request.name not in (TaskName.FACES, *ON_FACES)
        ]
        for task, indices in asked:
            try:
                model = self._shelf.model(task)
                if isinstance(model, Foreseeing):
                    model.expect([chunk.images[i] for i in indices], self._ahead)
            except Exception as error:  # noqa: BLE001 - it is asked again, and answers for itself then
                logger.debug("%s cannot prepare: %s", task.value, error)

    def _analyze(self, chunk: Chunk) -> list[tuple[FrameResult, ...]]:
        images, unreadable = chunk.images, chunk.unreadable
        faces = self._find_faces(chunk)
        answers: dict[tuple[int, TaskRequest], Answer] = {}
        for request, indices in chunk.asked().items():
            found = self._answer(request, [images[i] for i in indices], [faces.get(i, Answer()) for i in indices])
            answers.update(zip(((i, request) for i in indices), found, strict=True))
        found_in = [
            tuple(self._result(r.name, unreadable.get(i) or answers[i, r]) for r in frame.tasks)
            for i, frame in enumerate(chunk.frames)
        ]
        return [
            (*results, self._result(TaskName.FACES, unreadable.get(i) or faces[i])) if frame.blurred else results
            for i, (frame, results) in enumerate(zip(chunk.frames, found_in, strict=True))
        ]

    def _find_faces(self, chunk: Chunk) -> dict[int, Answer]:
        """The faces of the frames whose tasks need them."""
        found: dict[int, Answer] = {}
        for need, indices in chunk.face_needs(self._face_threshold).items():
            request = TaskRequest(TaskName.FACES, need.min_confidence, need.max_batch_size)
            found.update(zip(indices, self._run(request, [chunk.images[i] for i in indices]), strict=True))
        return found

    def _answer(self, request: TaskRequest, images: Sequence[Image], faces: Sequence[Answer]) -> list[Answer]:
        """What the task says of pictures that ask for it with the same options."""
        if request.name is TaskName.FACES:
            least = threshold(request, self._face_threshold())
            return [reaching(answer, least) for answer in faces]
        if request.name in ON_FACES:
            return self._on_faces(request, images, faces)
        return self._run(request, images)

    def _on_faces(self, request: TaskRequest, images: Sequence[Image], faces: Sequence[Answer]) -> list[Answer]:
        """What a task says of the faces of pictures."""
        try:
            model = self._shelf.model(request.name)
        except ModelUnavailable as error:
            return [Answer(error=str(error))] * len(images)
        usual = [reaching(answer, self._face_threshold()) for answer in faces]
        if request.name is TaskName.IDENTITIES:
            return read_identities(model, self._gallery, request, images, usual)
        return read_emotions(model, images, usual, request.min_confidence, request.max_batch_size)

    def _run(self, request: TaskRequest, images: Sequence[Image]) -> list[Answer]:
        """The task's model over pictures; a model that cannot be had is an answer too."""
        try:
            model = self._shelf.model(request.name)
        except ModelUnavailable as error:
            return [Answer(error=str(error))] * len(images)
        return predict_all(model, images, request.min_confidence, request.max_batch_size)

    def _face_threshold(self) -> float:
        """What the face model's card says; 1 where there is no such model."""
        try:
            return self._shelf.model(TaskName.FACES).card.min_confidence
        except ModelUnavailable:
            return 1.0

    def _result(self, task: TaskName, answer: Answer) -> FrameResult:
        """An answer as the rest of the system speaks of it."""
        status = ResultStatus.FAILED if answer.error else ResultStatus.OK
        card = self._shelf.card(task)
        model, digest = (card.name, card.digest) if card else ("", "")
        return FrameResult(task, model, digest, status, answer.error, round(answer.milliseconds, 3), answer.detections)
