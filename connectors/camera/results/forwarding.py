"""Owns the way of results to older consumers: each outcome of a camera's frame becomes a message with its picture."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, tzinfo
from typing import Protocol
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from connectors.camera.records import Record
from connectors.camera.results.fitting import fitting
from connectors.camera.results.messages import encode_message, result_message
from pipeline.contracts.errors import FrameUnreadable
from pipeline.contracts.results import AnalyzedFrame

AT_ONCE = 4
"""Pictures that are asked for at the same time."""
SAFE_SECONDS = 30.0
OUTCOME = TypeAdapter(AnalyzedFrame)

log = logging.getLogger(__name__)


class Cameras(Protocol):
    """Knows which videos are cameras'."""

    def camera_of(self, video_id: UUID) -> str | None:
        """The camera's id; None of a video that is no camera's, or is gone."""


class Pictures(Protocol):
    """Has the pictures of frames, with what was found drawn on them."""

    def annotated(self, video_id: UUID, frame_number: int) -> bytes:
        """The JPEG; b"" where none is kept."""


class ResultTopic(Protocol):
    """Where older consumers read. Messages of one camera stay in their order."""

    def send(self, camera_id: str, message: bytes) -> None:
        """Send a message."""

    def flush(self, seconds: float) -> None:
        """Wait until all is safe; raises StoreUnavailable for what is not."""


class Forwarding:
    """Makes messages of outcomes, at least once each. Those that come together are sent in the order of capture.

    The analysis takes the newest picture first when it is behind, so that outcomes come out of order.
    """

    def __init__(self, cameras: Cameras, pictures: Pictures, topic: ResultTopic, zone: tzinfo | None) -> None:
        self._cameras = cameras
        self._pictures = pictures
        self._topic = topic
        self._zone = zone
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures")

    def take(self, records: Sequence[Record]) -> None:
        """Send what belongs to cameras; when this returns all of it is safe."""
        wanted = [found for record in records if (found := self._outcome(record)) is not None]
        wanted.sort(key=lambda found: _moment(found[1]))
        messages = self._pool.map(lambda found: self._message(*found), wanted)
        for (camera_id, _), message in zip(wanted, messages, strict=True):
            self._topic.send(camera_id, message)
        if wanted:
            self._topic.flush(SAFE_SECONDS)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _outcome(self, record: Record) -> tuple[str, AnalyzedFrame] | None:
        """The camera and the outcome of a record; None of what is no camera's, or of a frame that failed."""
        if record.value is None or record.key is None or len(record.key) != len(UUID(int=0).bytes):
            return None
        camera_id = self._cameras.camera_of(UUID(bytes=record.key))
        if camera_id is None:
            return None
        try:
            frame = OUTCOME.validate_json(record.value)
        except ValidationError as e:
            log.warning("%s/%d/%d is no outcome: %s", record.topic, record.partition, record.offset, e)
            return None
        if frame.failed:
            log.warning("video %s: no message for frame %d: %s", frame.video_id, frame.frame_number, frame.reason)
            return None
        return camera_id, frame

    def _message(self, camera_id: str, frame: AnalyzedFrame) -> bytes:
        message = result_message(camera_id, _moment(frame), frame, self._zone)
        jpeg = self._pictures.annotated(frame.video_id, frame.frame_number)
        try:
            fits = fitting(jpeg, len(encode_message(message, b""))) if jpeg else b""
        except FrameUnreadable as e:
            log.warning("video %s: frame %d without its picture: %s", frame.video_id, frame.frame_number, e)
            fits = b""
        return encode_message(message, fits)


def _moment(frame: AnalyzedFrame) -> datetime:
    """When it was captured, or else analysed."""
    return frame.captured_at or frame.started_at
