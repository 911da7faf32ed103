"""Owns a made-up film as its results are stored: labels come and go as things do that walk through a picture."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from pipeline.contracts.results import (
    AnalyzedFrame,
    Box,
    Detection,
    FrameResult,
    ResultStatus,
    TaskName,
    TaskRequest,
)
from pipeline.contracts.videos import Sampling, SourceKind, SourceProgress, Video, VideoStatus
from pipeline.stores.results import ResultStore
from pipeline.stores.videos import VideoStore

LABELS = ("person", "car", "dog", "bicycle", "bus", "cat", "chair", "truck")
COLORS = ("203a", "5560", "8899", "c0b0")
BATCH = 500
FPS = 25.0


@dataclass(frozen=True)
class Film:
    """Every frame of a video at 25 frames a second."""

    frames: int
    seed: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chance", random.Random(self.seed))  # noqa: S311 - nothing secret

    @property
    def video_id(self) -> UUID:
        """The same for each film of this seed."""
        return UUID(int=self.seed)

    def store(self, videos: VideoStore, results: ResultStore) -> None:
        """Write the completed video and all of its results."""
        video = self._video()
        videos.create(video)
        videos.transition(self.video_id, VideoStatus.PROCESSING)
        videos.save_progress(self.video_id, SourceProgress(fps=FPS, width=1280, height=720, duration=self.frames / FPS))
        videos.set_expected(self.video_id, self.frames, self.frames)
        analysed = self._analysed()
        while batch := list(islice(analysed, BATCH)):
            results.save(batch, {self.video_id: video.attempt_timestamp})
        videos.transition(self.video_id, VideoStatus.COMPLETED)

    def _video(self) -> Video:
        now = datetime.now(UTC)
        tasks = tuple(TaskRequest(name) for name in (TaskName.OBJECTS, TaskName.FACES, TaskName.COLORS))
        return Video(
            self.video_id,
            VideoStatus.PENDING,
            SourceKind.UPLOAD,
            f"upload:{self.video_id}",
            "benchmark",
            tasks,
            Sampling(1),
            now,
            attempt_timestamp=int(now.timestamp() * 1e6),
        )

    def _analysed(self) -> Iterator[AnalyzedFrame]:
        now, there = datetime.now(UTC), dict.fromkeys(LABELS, 0)
        for number in range(1, self.frames + 1):
            for label in LABELS:
                if self.chance.random() < 0.01:
                    there[label] = self.chance.randrange(4)
            yield AnalyzedFrame(
                self.video_id, 1, number, (number - 1) / FPS, None, "worker-1", now, now, None, self._found(there)
            )

    def _found(self, there: dict[str, int]) -> tuple[FrameResult, ...]:
        objects = [self._boxed(label) for label, times in there.items() for _ in range(times) if times > 1]
        faces = [self._boxed("face") for _ in range(there["person"])]
        colors = [
            Detection(f"#{self.chance.choice(COLORS)}{self.chance.randrange(256):02x}", s) for s in (0.5, 0.3, 0.2)
        ]
        found = ((TaskName.OBJECTS, objects), (TaskName.FACES, faces), (TaskName.COLORS, colors))
        return tuple(
            FrameResult(task, f"model of {task}", "ab" * 32, ResultStatus.OK, None, 20.0, tuple(detections))
            for task, detections in found
        )

    def _boxed(self, label: str) -> Detection:
        place = [round(self.chance.random() / 2, 4) for _ in range(4)]
        return Detection(label, round(self.chance.uniform(0.3, 1), 4), Box(*place))
