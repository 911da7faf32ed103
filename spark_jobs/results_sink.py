"""Owns what is done with outcomes: store, enter in the ledger, publish, complete. A replayed batch changes nothing."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pyspark.sql import DataFrame

from pipeline.completion import complete_if_full
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.outcomes import Row, analyzed_frame
from pipeline.publishing import DeadLetter, Publisher
from pipeline.result_store import ResultStore
from pipeline.video_store import VideoStore

RETRY_SECONDS = 120.0
"""How long a batch waits for a server that does not answer before the query gives up."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResultsSink:
    """The `foreachBatch` function, over the stores and the publisher."""

    videos: VideoStore
    results: ResultStore
    publisher: Publisher
    retry_seconds: float = RETRY_SECONDS

    def __call__(self, batch_df: DataFrame, batch_id: int) -> None:
        """Gather the batch's outcomes and keep them."""
        began = time.perf_counter()
        rows = batch_df.toArrow().to_pylist()
        gathered = time.perf_counter()
        self._patiently(lambda: self.keep(rows))
        kept = time.perf_counter()
        log.info(
            "batch %d: %d records, analysed in %.2f s, kept in %.2f s",
            batch_id,
            len(rows),
            gathered - began,
            kept - gathered,
        )

    def keep(self, rows: Sequence[Row]) -> None:
        """Store, enter, publish and complete; may be repeated."""
        letters = [_dead_letter(row["set_aside"]) for row in rows if row["set_aside"] is not None]
        for letter in letters:
            log.warning("set aside %s/%d@%d: %s", letter.topic, letter.partition, letter.offset, letter.reason)
        frames = [analyzed_frame(row["analyzed"]) for row in rows if row["analyzed"] is not None]
        known = self._known(frame.video_id for frame in frames)
        wanted = [frame for frame in frames if _wanted(frame, known.get(frame.video_id))]
        if len(wanted) < len(frames):
            log.info("left out %d frames of videos that are cancelled, gone or tried anew", len(frames) - len(wanted))
        self.results.save(wanted, {video_id: video.attempt_timestamp for video_id, video in known.items()})
        self.publisher.dead_letters(letters)
        self.publisher.outcomes(wanted)
        self.publisher.flush(30)
        for video_id in {frame.video_id for frame in wanted}:
            if complete_if_full(self.videos, self.results, video_id):
                log.info("video %s: every frame has an outcome", video_id)

    def _known(self, video_ids: Iterable[UUID]) -> dict[UUID, Video]:
        found = {video_id: self.videos.get(video_id) for video_id in set(video_ids)}
        return {video_id: video for video_id, video in found.items() if video is not None}

    def _patiently(self, keep: Callable[[], None]) -> None:
        until = time.monotonic() + self.retry_seconds
        pause = 0.5
        while True:
            try:
                return keep()
            except StoreUnavailable as e:
                if time.monotonic() > until:
                    raise
                log.warning("%s; trying again in %.1f s", e, pause)
                time.sleep(pause)
                pause = min(pause * 2, 10.0)


def _wanted(frame: AnalyzedFrame, video: Video | None) -> bool:
    return video is not None and video.attempt == frame.attempt and video.status is not VideoStatus.CANCELLED


def _dead_letter(row: Row) -> DeadLetter:
    """The record that a worker set aside."""
    return DeadLetter(row["value"], row["topic"], row["partition"], row["offset"], row["reason"])
