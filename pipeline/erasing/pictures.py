"""Owns taking a person out of stored frames: their face is hidden, or the picture goes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pipeline.contracts.erasures import ErasedFrames, Removed
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box
from pipeline.pictures import blur
from pipeline.stores.erasures import ErasedFrame
from pipeline.stores.frames import FrameStore


@dataclass(frozen=True, slots=True)
class Pictures:
    """The stored frames of all videos, and what is done with those in which the person was found."""

    frames: FrameStore
    wanted: ErasedFrames

    def erase(
        self, video_id: UUID, found: Mapping[int, Sequence[Box]], known: Iterable[ErasedFrame]
    ) -> tuple[list[ErasedFrame], Removed]:
        """Erase frames of one bucket: what is to be remembered of those that were changed, and how many they were.

        What is `known` and as it was left, stays.
        """
        if self.wanted is ErasedFrames.KEEP or not found:
            return [], Removed()
        before = {frame.frame_number: frame for frame in known}
        sizes = {f.frame_number: f.size for f in self.frames.stored(video_id, bucket_of(min(found)))}
        due = {
            number: tuple(boxes)
            for number, boxes in found.items()
            if (number not in before or {*before[number].boxes} != {*boxes})
            or sizes.get(number, 0) not in (0, before[number].size)
        }
        erased = [
            ErasedFrame(video_id, number, boxes, self._erase(video_id, number, boxes)) for number, boxes in due.items()
        ]
        there = sum(frame.frame_number in sizes for frame in erased)
        deleted = sum(frame.frame_number in sizes and frame.size == 0 for frame in erased)
        return erased, Removed(frames_blurred=there - deleted, frames_deleted=deleted)

    def _erase(self, video_id: UUID, number: int, boxes: Sequence[Box]) -> int:
        """The size of the picture since; 0 when there is none."""
        jpeg = self.frames.get(video_id, number)
        if jpeg is None:
            return 0
        if self.wanted is ErasedFrames.BLUR:
            try:
                hidden = blur(jpeg, boxes)
            except FrameUnreadable:
                hidden = b""  # nobody can look at it, nor hide anything in it
            if hidden:
                self.frames.put(video_id, number, hidden)
                return len(hidden)
        self.frames.delete(video_id, [number])
        return 0
