"""Owns what is done with outcomes: store, enter in the ledger, publish. A repetition changes nothing."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.publishing import DeadLetter, Publisher
from pipeline.observing import metrics
from pipeline.patience import patiently
from pipeline.stores.faces import FaceVector
from spark_jobs.face_vectors import raw_vectors

RETRY_SECONDS = 120.0
"""How long a worker waits for a server that does not answer before its task fails."""

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes what a worker found, and says beforehand what is worth the work."""

    def wanted(self, frames: Sequence[Frame]) -> list[bool]:
        """For each frame: whether its video still wants it; one look a video. Raises StoreError."""
        ...

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        """For each frame: whether its video's faces are hidden since somebody was erased. Raises StoreError."""
        ...

    def keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        """Make outcomes and records that are set aside safe; may be repeated. Raises StoreError."""
        ...

    def finish(self) -> None:
        """A task ends: what is kept is counted. Raises StoreError."""
        ...


class KnownVideos(Protocol):
    """What the sink asks of a video store."""

    def get(self, video_id: UUID) -> Video | None:
        """The video, None when it is gone; raises StoreUnavailable."""
        ...


class FaceVectors(Protocol):
    """What the sink asks of a store of face vectors."""

    def keep(self, faces: Sequence[FaceVector], write_timestamps: Mapping[UUID, int]) -> None:
        """Keep raw vectors for some days; raises StoreUnavailable."""
        ...


class Outcomes(Protocol):
    """What the sink asks of a result store."""

    def save(self, frames: Sequence[AnalyzedFrame], write_timestamps: Mapping[UUID, int]) -> None:
        """Store results and enter the ledger; raises StoreUnavailable."""
        ...

    def finish(self) -> None:
        """Count what `save` has left uncounted; raises StoreUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ResultsSink:
    """The sink over the stores and the publisher. `lately` may say how videos were half a second ago."""

    videos: KnownVideos
    results: Outcomes
    publisher: Publisher
    retry_seconds: float = RETRY_SECONDS
    faces: FaceVectors | None = None
    lately: KnownVideos | None = None

    def wanted(self, frames: Sequence[Frame]) -> list[bool]:
        """Not those of videos that are gone, cancelled or tried anew; waits for a store that does not answer."""
        known = self._glance(frames)
        answers = [_wanted(frame, known.get(frame.video_id)) for frame in frames]
        metrics.frames("skipped", answers.count(False))
        return answers

    def veiled(self, frames: Sequence[Frame]) -> list[bool]:
        """What is stored meanwhile is blurred by the rounds of the erasure; waits for a store that does not answer."""
        known = self._glance(frames)
        return [(video := known.get(frame.video_id)) is not None and video.veiled_at is not None for frame in frames]

    def keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        """Store, enter and publish; waits for servers that do not answer."""
        for letter in letters:
            log.warning("set aside %s/%d@%d: %s", letter.topic, letter.partition, letter.offset, letter.reason)
        patiently(lambda: self._keep(frames, letters), self.retry_seconds)

    def finish(self) -> None:
        """Count what is kept and not counted; waits for a store that does not answer."""
        patiently(self.results.finish, self.retry_seconds)

    def _glance(self, frames: Sequence[Frame]) -> dict[UUID, Video]:
        videos = self.lately or self.videos
        return patiently(lambda: _known(videos, (frame.video_id for frame in frames)), self.retry_seconds)

    def _keep(self, frames: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
        known = _known(self.videos, (frame.video_id for frame in frames))
        wanted = [frame for frame in frames if _wanted(frame, known.get(frame.video_id))]
        if len(wanted) < len(frames):
            log.info("left out %d frames of videos that are cancelled, gone or tried anew", len(frames) - len(wanted))
        timestamps = {video_id: video.attempt_timestamp for video_id, video in known.items()}
        if self.faces is not None:
            self.faces.keep(raw_vectors(wanted, known), timestamps)
        self.results.save(wanted, timestamps)
        self.publisher.dead_letters(letters)
        self.publisher.outcomes(wanted)
        self.publisher.flush(30)
        _count(frames, wanted, letters)


def _known(videos: KnownVideos, video_ids: Iterable[UUID]) -> dict[UUID, Video]:
    found = {video_id: videos.get(video_id) for video_id in set(video_ids)}
    return {video_id: video for video_id, video in found.items() if video is not None}


def _count(frames: Sequence[AnalyzedFrame], wanted: Sequence[AnalyzedFrame], letters: Sequence[DeadLetter]) -> None:
    failed = sum(frame.failed for frame in wanted)
    metrics.frames("done", len(wanted) - failed)
    metrics.frames("failed", failed)
    metrics.frames("skipped", len(frames) - len(wanted))
    metrics.dead_letters(len(letters))


def _wanted(frame: Frame | AnalyzedFrame, video: Video | None) -> bool:
    return video is not None and video.attempt == frame.attempt and video.status is not VideoStatus.CANCELLED
