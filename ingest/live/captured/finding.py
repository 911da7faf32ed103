"""Owns which source a video has whose pictures are published to topic `captures`, and where it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from ingest.live.captured.beginning import Beginning
from ingest.live.captured.kafka_log import KafkaCaptureLog
from ingest.live.captured.log import CaptureLog
from ingest.live.captured.reading import Reading
from ingest.live.captured.source import CapturedSource
from ingest.live.sources import LiveSource
from pipeline.contracts.settings import KafkaSettings, LiveSettings
from pipeline.contracts.videos import KeepFrames, Video
from pipeline.kafka.publishing import DeadLetter, Publisher
from pipeline.observing import metrics
from pipeline.stores.videos import VideoStore

SILENCE_SECONDS = 10.0
"""Without a picture for so long a camera counts as gone, until the next one comes; not with KeepFrames.ALL."""


@dataclass(frozen=True)
class CapturedSources:
    """Makes the source of each such video."""

    kafka: KafkaSettings
    settings: LiveSettings
    videos: VideoStore
    publisher: Publisher
    most_pixels: int
    log: Callable[[KafkaSettings, UUID], CaptureLog] = KafkaCaptureLog

    def of(self, video: Video) -> LiveSource:
        """The source, which goes on where the video's progress says; raises StoreUnavailable."""
        known = self.videos.progress(video.video_id).of_attempt(video.attempt)
        patience = self._patience(video)
        silence = patience + 1 if video.keep is KeepFrames.ALL else min(SILENCE_SECONDS, patience)
        return CapturedSource(
            self.log(self.kafka, video.video_id),
            Reading(video.video_id, self.most_pixels, self._set_aside),
            Beginning(video, known),
            patience,
            max(silence, 1.0),
        )

    def _set_aside(self, letter: DeadLetter) -> None:
        metrics.dead_letters(1)
        self.publisher.dead_letters([letter])

    def _patience(self, video: Video) -> float:
        whole = video.keep is KeepFrames.ALL
        return self.settings.capture_silence_seconds if whole else self.settings.live_grace_seconds
