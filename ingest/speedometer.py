"""Owns measuring how fast the whole service is: looks at the queue every few seconds and writes down what it saw."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from statistics import fmean
from uuid import UUID

from ingest.tally import Tally
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.queue import MOST_LISTED, Queue, expected_frames
from pipeline.stores.results import ResultStore, count
from pipeline.stores.speed import Speed, SpeedStore
from pipeline.stores.videos import VideoStore

EVERY_SECONDS = 3.0
SHARE_OF_TIME = 20
MOST_LOOKED_AT = 64
"""Running videos that are counted one by one; what others have done is counted when they have ended."""
logger = logging.getLogger(__name__)


class Speedometer:
    """Sees the whole service by its listing, so that each of several sees the same. `run` it in a thread."""

    def __init__(
        self,
        videos: VideoStore,
        results: ResultStore,
        speeds: SpeedStore,
        observer: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._videos = videos
        self._results = results
        self._speeds = speeds
        self._observer = observer
        self._clock = clock
        self._tally = Tally()
        self._open: frozenset[UUID] = frozenset()
        self._totals: dict[UUID, int] = {}
        self._stop = threading.Event()

    def run(self) -> None:
        """Look until `stop`; takes at most a twentieth of the time."""
        pause = EVERY_SECONDS
        while not self._stop.wait(pause):
            began = self._clock()
            try:
                self._speeds.save(self.look())
            except FramewiseError as e:
                logger.warning("the speed is not measured: %s", e)
            except Exception:
                logger.exception("an error while measuring the speed")
            pause = max(EVERY_SECONDS, SHARE_OF_TIME * (self._clock() - began))

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def look(self) -> Speed:
        """One look; raises StoreUnavailable."""
        queue = Queue(list(islice(self._videos.open_listings(), MOST_LISTED)))
        listed = frozenset(entry.video_id for entry in queue.entries)
        ended = self._ended(self._open - listed)
        running = [
            v
            for entry in queue.running[:MOST_LOOKED_AT]
            if (v := self._videos.get(entry.video_id)) is not None and v.status is VideoStatus.PROCESSING
        ]
        totals = {video.video_id: count(self._results, video.video_id).total for video in running}
        outcomes = sum(self._since(video, totals[video.video_id]) for video in running)
        outcomes += sum(self._since(video, video.frames_expected or 0) for video in ended)
        self._tally.look(self._clock(), totals, outcomes, [v.frames_expected for v in ended if v.frames_expected])
        self._keep(listed, totals)
        return self._speed(running, len(queue.running) - len(running))

    def _ended(self, gone: frozenset[UUID]) -> list[Video]:
        known = (self._videos.get(video_id) for video_id in gone)
        return [video for video in known if video is not None and video.status is VideoStatus.COMPLETED]

    def _since(self, video: Video, total: int) -> int:
        """Outcomes since the last look. What was open then and not counted had none, unless it is tried again."""
        if video.video_id in self._totals:
            return max(0, total - self._totals[video.video_id])
        return total if video.video_id in self._open and video.attempt == 1 else 0

    def _keep(self, listed: frozenset[UUID], totals: dict[UUID, int]) -> None:
        self._totals = {k: v for k, v in (self._totals | totals).items() if k in listed}
        self._open = listed

    def _speed(self, running: list[Video], others: int) -> Speed:
        whole = {  # a live stream is as long as it goes on, and holds up nobody: it leaves frames out
            v.video_id: expected_frames(v, self._videos.progress(v.video_id)) for v in running if not v.live
        }
        known = [frames for frames in whole.values() if frames is not None]
        mean = self._tally.frames_per_video or (fmean(known) if known else None)
        left = [
            max(0.0, (mean or 0.0 if frames is None else frames) - self._totals.get(video_id, 0))
            for video_id, frames in whole.items()
        ]
        return Speed(
            self._observer,
            datetime.now(UTC),
            self._tally.rate,
            mean,
            sum(left) + others * (mean or 0.0),
            self._tally.video_rates,
        )
