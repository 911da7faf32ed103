"""Owns how the door has the service analyse an object: submitted under a key, followed to its end, its rows read."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from connectors.aws.detectors import Detector
from connectors.aws.job import Place, VideoId
from connectors.aws.seams import Interrupted, VideoVanished
from framewise import Client
from framewise.answers import Result, Video
from framewise.errors import Busy, Conflict, KeyRefused, NotFound, Unreachable
from pipeline.contracts.s3 import S3Object

FIRST_POLL, LAST_POLL = 0.25, 3.0
FIRST_PAUSE, LAST_PAUSE = 1.0, 15.0
TAG = "aws"
NAME_LENGTH = 200
MOST_DELETED = 20
GONE = "video-deleted"

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ServiceAnalyses:
    """Asks the service over its API; a service that is away is waited for `patience` seconds, or until `stop`."""

    def __init__(
        self,
        client: Client,
        detectors: Sequence[Detector],
        frame_ratio: float,
        stop: threading.Event,
        patience: float = 900.0,
    ) -> None:
        self._client, self._stop, self._patience = client, stop, patience
        self._detectors, self._frame_ratio = detectors, frame_ratio

    def submit(self, place: Place, video_id: VideoId, key: str) -> Video:
        for number in range(MOST_DELETED):
            start = partial(self._start, place, video_id, f"{key}-{number}" if number else key)
            try:
                return self._again(self._patiently(start))
            except Conflict as e:
                if e.problem.type.rpartition("/")[2] != GONE:
                    raise
        raise VideoVanished(f"the video of this object was deleted {MOST_DELETED} times")

    def _start(self, place: Place, video_id: VideoId, key: str) -> Video:
        return self._client.start(
            str(S3Object(place.bucket, place.key)),
            tasks=[detector.task() for detector in self._detectors],
            frame_ratio=self._frame_ratio,
            name=place.key.rpartition("/")[2][-NAME_LENGTH:],
            external_id=str(video_id)[:NAME_LENGTH],
            tags=[TAG],
            idempotency_key=key,
        )

    def _again(self, video: Video) -> Video:
        """A video that had failed or was cancelled when it was asked for is tried again, where that is possible."""
        if video.status not in ("failed", "cancelled"):
            return video
        try:
            return self._patiently(lambda: self._client.retry(video.video_id))
        except Conflict:
            return video

    def follow(self, video_id: str) -> Video:
        pause = FIRST_POLL
        while True:
            try:
                video = self._patiently(lambda: self._client.video(video_id))
            except NotFound as e:
                raise VideoVanished(f"video {video_id} was deleted while it was analysed") from e
            if video.ended:
                return video
            self._wait(pause)
            pause = min(LAST_POLL, pause * 1.3)

    def rows(self, video: Video) -> Iterator[Result]:
        for row in self._client.results(video.video_id):
            if self._stop.is_set():
                raise Interrupted
            yield row

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask until the service answers. A key that is refused is waited for as well: it may be made anew."""
        until, pause = time.monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                return ask()
            except (Unreachable, Busy, KeyRefused) as e:
                if time.monotonic() > until:
                    raise
                logger.warning("the service cannot be asked (%s); trying again in %.0f s", e, pause)
            self._wait(pause)
            pause = min(LAST_PAUSE, pause * 2)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Interrupted


def asked(detectors: Sequence[Detector], frame_ratio: float) -> dict[str, Any]:
    """What is asked of each object, as far as it decides what comes out."""
    return {"tasks": [detector.task() for detector in detectors], "frame_ratio": frame_ratio}
