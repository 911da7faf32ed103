"""Makes the values that tests speak of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import cv2
import numpy as np

from pipeline.contracts.frames import Frame
from pipeline.contracts.results import (
    AnalyzedFrame,
    Box,
    Detection,
    FrameResult,
    ResultStatus,
    TaskName,
    TaskRequest,
)
from pipeline.contracts.videos import Sampling, SourceKind, Video, VideoStatus

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def jpeg(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (30, 90, 200)) -> bytes:
    """A picture of one colour (BGR)."""
    image = np.full((height, width, 3), colour, np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def a_video(
    video_id: UUID | None = None,
    status: VideoStatus = VideoStatus.PENDING,
    sampling: Sampling | None = None,
    created_at: datetime = T0,
    tags: frozenset[str] = frozenset(),
) -> Video:
    """A video of a URL."""
    return Video(
        video_id or uuid4(),
        status,
        SourceKind.URL,
        "https://user:secret@example.com/a.mp4",
        "a.mp4",
        (TaskRequest(TaskName.OBJECTS),),
        sampling or Sampling(),
        created_at,
        attempt_timestamp=1_000_000,
        tags=tags,
    )


def a_frame(video_id: UUID, number: int = 1, picture: bytes | None = None) -> Frame:
    """A frame with a picture."""
    return Frame(video_id, 1, number, number / 10, None, 64, 48, (TaskRequest(TaskName.OBJECTS),), picture or jpeg())


def dog(confidence: float = 0.9) -> Detection:
    """A finding in the middle."""
    return Detection("dog", confidence, Box(0.25, 0.25, 0.5, 0.5))


def a_result(
    detections: Sequence[Detection] = (), task: TaskName = TaskName.OBJECTS, error: str | None = None
) -> FrameResult:
    """What a model said."""
    status = ResultStatus.FAILED if error else ResultStatus.OK
    return FrameResult(task, "yolox_nano", "ab" * 32, status, error, 12.5, tuple(detections))


def analyzed(video_id: UUID, number: int, *results: FrameResult, attempt: int = 1) -> AnalyzedFrame:
    """An analysed frame at ten frames a second."""
    return AnalyzedFrame(
        video_id, attempt, number, (number - 1) / 10, None, "worker-1", T0, T0, None, results or (a_result([dog()]),)
    )
