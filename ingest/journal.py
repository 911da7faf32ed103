"""Owns writing down how far ingest is with a video: sampled frames, and progress, about once a second."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.videos import SourceProgress
from pipeline.stores.videos import VideoStore

EVERY = 1.0


class Journal:
    """What is known of a video's source. The sampled frames are always written before the progress over them.

    Only the holder of the lease writes. For one thread.
    """

    def __init__(
        self, videos: VideoStore, video_id: UUID, attempt: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._videos = videos
        self._video_id = video_id
        self._clock = clock
        self._numbers: dict[int, list[int]] = {}
        self._earlier: dict[int, tuple[int, ...]] = {}
        self._written_at = clock()
        self.progress: SourceProgress = videos.progress(video_id).of_attempt(attempt)

    def note(self, **values: Any) -> None:
        """Change what is known, to be written next time."""
        self.progress = replace(self.progress, **values)

    def sampled(self, frame_number: int) -> None:
        """A frame was sampled; numbers ascend, from the first on, also after a take-over."""
        self._numbers.setdefault(bucket_of(frame_number), []).append(frame_number)

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return self._clock() - self._written_at >= EVERY

    def write(self) -> None:
        """Write what has changed; raises StoreUnavailable."""
        for bucket, numbers in self._numbers.items():
            self._videos.save_sampled(self._video_id, bucket, self._with_earlier(bucket, numbers))
        for bucket in sorted(self._numbers)[:-1]:
            del self._numbers[bucket], self._earlier[bucket]
        self._videos.save_progress(self._video_id, self.progress)
        self._written_at = self._clock()

    def _with_earlier(self, bucket: int, numbers: list[int]) -> list[int]:
        """With what was written before a take-over: known frames never become fewer, so that events rely on them."""
        if bucket not in self._earlier:
            self._earlier[bucket] = self._videos.sampled(self._video_id, bucket)
        return sorted({*self._earlier[bucket], *numbers})
