"""Owns frames whose pictures are in memory together: reading them, and what is asked of which of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.ahead import Ahead
from inference.arrays import Image
from inference.batches import Answer
from inference.faces import FacesNeed
from inference.images import decode_jpeg
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskRequest


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some frames; the pictures of those that can be read, and the reason for each other, by index."""

    frames: Sequence[Frame]
    images: dict[int, Image]
    unreadable: dict[int, Answer]

    @classmethod
    def read(cls, frames: Sequence[Frame], ahead: Ahead, max_pixels: int) -> "Chunk":
        """Decode each JPEG once, for all models."""
        read = ahead.each(lambda frame: _picture(frame, max_pixels), frames)
        images = {index: image for index, image in enumerate(read) if not isinstance(image, Answer)}
        return cls(frames, images, {index: answer for index, answer in enumerate(read) if isinstance(answer, Answer)})

    def asked(self) -> dict[TaskRequest, list[int]]:
        """The readable frames that ask for the same task with the same options, by index."""
        groups: defaultdict[TaskRequest, list[int]] = defaultdict(list)
        for index in self.images:
            for request in dict.fromkeys(self.frames[index].tasks):
                groups[request].append(index)
        return groups

    def face_needs(self, card_threshold: Callable[[], float]) -> dict[FacesNeed, list[int]]:
        """The readable frames whose tasks need faces, at the lowest threshold needed, by index."""
        needs: defaultdict[FacesNeed, list[int]] = defaultdict(list)
        for index in self.images:
            frame = self.frames[index]
            if need := FacesNeed.of(frame.tasks, card_threshold, hiding=frame.blurred):
                needs[need].append(index)
        return needs


def _picture(frame: Frame, max_pixels: int) -> Image | Answer:
    """The picture of a frame, or why it cannot be read."""
    try:
        return decode_jpeg(frame.jpeg, max_pixels)
    except FrameUnreadable as error:
        return Answer(error=str(error))
